import fs from 'fs';
import path from 'path';

import { defaultsOf, type AuditQuery } from './query';
import { QUESTIONS, questionOf, SHAPES, type QuestionName } from './questions';
import { shapeOf, withShape } from './shapes';

const NAMES = Object.keys(QUESTIONS) as QuestionName[];

describe('questions', () => {
  const page = fs.readFileSync(path.join(__dirname, '../../docs/query-model.md'), 'utf8');

  /** The values, the default and the meaning of a field in the documentation. */
  function documented(field: string): string[] {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${field}\` |`));
    return (row ?? '').split(' | ').slice(1);
  }

  it('are those of the query model', () => {
    const [values] = documented('queryType');
    expect([...values.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual([...NAMES].sort());
  });

  it.each(NAMES)('%s has the fields, values and defaults of the query model', (queryType) => {
    const defaults = defaultsOf({ refId: 'A', queryType });
    for (const [name, field] of Object.entries(questionOf(queryType).fields)) {
      const [values, initial, meaning] = documented(name);
      expect([name, meaning]).toEqual([name, expect.stringContaining(`\`${queryType}\``)]);
      const value = defaults[name as keyof AuditQuery];
      if (field.kind === 'choice') {
        expect([name, values]).toEqual([
          name,
          Object.keys(field.options)
            .map((option) => `\`${option}\``)
            .join(' '),
        ]);
      }
      if (field.kind === 'amount' && /^1 to \d/.test(values)) {
        expect([name, values]).toEqual([name, `1 to ${field.most}`]);
      }
      if (/^`\w+`$/.test(initial) && field.kind !== 'timezone') {
        expect([name, initial]).toEqual([name, `\`${value ?? false}\``]);
      }
    }
  });

  it.each(SHAPES)('has the shape $value', ({ value, query, label, help }) => {
    expect(shapeOf({ refId: 'A', ...query })).toBe(value);
    expect(withShape({ refId: 'A', queryType: 'values', scope: {} }, value)).toEqual({
      refId: 'A',
      scope: {},
      ...query,
    });
    expect(label()).not.toBe('');
    expect(help()).not.toBe('');
  });
});
