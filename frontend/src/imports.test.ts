import { readdirSync, readFileSync } from 'fs';
import path from 'path';
import ts from 'typescript';

type Graph = Map<string, string[]>;

/** The imports of each file from the others, types included. */
function graph(files: Map<string, string>): Graph {
  const resolved = (from: string, name: string) =>
    ['', '.ts', '.tsx', '/index.ts']
      .map((end) => path.join(path.dirname(from), name) + end)
      .find((to) => files.has(to));
  const imports = (file: string, text: string) =>
    ts
      .preProcessFile(text)
      .importedFiles.map(({ fileName }) => fileName)
      .filter((name) => name.startsWith('.'))
      .map((name) => resolved(file, name))
      .filter((to) => to !== undefined);
  return new Map([...files].map(([file, text]) => [file, imports(file, text)]));
}

/** A path from a file back to itself, if there is one. */
function circle(of: Graph): string[] | undefined {
  const done = new Set<string>();
  const walk = (trail: string[]): string[] | undefined => {
    const file = trail[trail.length - 1];
    for (const next of of.get(file) ?? []) {
      const start = trail.indexOf(next);
      if (start >= 0) {
        return [...trail.slice(start), next];
      }
      const found = done.has(next) ? undefined : walk([...trail, next]);
      if (found) {
        return found;
      }
    }
    done.add(file);
    return undefined;
  };
  return [...of.keys()].map((file) => walk([file])).find((found) => found);
}

/** The files that give Grafana the editors, from top to bottom. */
const ENTRIES = ['module.ts', 'datasource.ts', 'annotations.ts', 'variables.ts'];

/** The layer of a file: the model, the editors, the entries, and the tests' fakes. */
function layer(name: string): number {
  const above = [name.startsWith('components/'), ENTRIES.includes(name), name.startsWith('test/')];
  return above.lastIndexOf(true) + 1;
}

describe('imports', () => {
  const names = readdirSync(__dirname, { recursive: true, encoding: 'utf8' });
  const sources = names.filter((name) => /\.tsx?$/.test(name) && !/\.(test|d)\.tsx?$/.test(name));
  const found = graph(new Map(sources.map((name) => [name, readFileSync(path.join(__dirname, name), 'utf8')])));

  it('have no cycle', () => {
    expect(found.size).toBeGreaterThan(30);
    expect(circle(found)).toBeUndefined();
  });

  it('run from the tests’ fakes to the entries, to the editors, and from there to the model', () => {
    const upward = [...found].flatMap(([from, to]) =>
      to.filter((name) => layer(name) > layer(from)).map((name) => `${from} imports ${name}`)
    );
    expect(ENTRIES.every((name) => found.has(name))).toBe(true);
    expect(upward).toEqual([]);
  });

  it.each([
    ["import { a } from './a';", ['a.ts', 'b/c.tsx', 'a.ts'], '../a'],
    ["import type { A } from './a';", ['a.ts', 'b/c.tsx', 'a.ts'], '../a'],
    ["export * from './a';", ['a.ts', 'b/c.tsx', 'a.ts'], '../a'],
    ["// import { a } from './a';", undefined, '../a'],
    ["import { a } from 'a';", undefined, 'a'],
  ])('%s is followed', (statement, expected, name) => {
    const back = statement.replace(/'[^']*'/, `'${name}'`);
    expect(circle(graph(new Map(Object.entries({ 'a.ts': "import './b/c';", 'b/c.tsx': back }))))).toEqual(expected);
  });
});
