import { execFileSync } from 'child_process';
import fs from 'fs';
import os from 'os';
import path from 'path';

import { ALERTING, OWN_RULES, TROUBLESHOOTING } from './documentation';

describe('the documentation that Grafana serves', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'docs-'));
  execFileSync(process.execPath, [path.join(__dirname, '../documentation.mjs'), folder]);
  const read = (name: string) => fs.readFileSync(path.join(folder, name), 'utf8');
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  it('has the headings that the backend and the front end link to', () => {
    const backend = fs.readFileSync(path.join(__dirname, '../../src/query/documentation.rs'), 'utf8');
    const anchors = [...backend.matchAll(/=> "([a-z0-9-]+)"/g)].map(([, anchor]) => anchor);
    expect(anchors.length).toBeGreaterThan(15);
    const page = read('troubleshooting.html');
    for (const anchor of [...anchors, TROUBLESHOOTING.split('#')[1]]) {
      expect(page).toContain(` id="${anchor}">`);
    }
    expect(backend).toContain(TROUBLESHOOTING.split('#')[0]);
    expect(read('configure.html')).toContain(` id="${OWN_RULES.split('#')[1]}">`);
    expect(read(ALERTING.split('/').pop()!)).toContain('<h1 id="alert">');
  });

  it('leads from page to page', () => {
    const pages = fs.readdirSync(folder);
    for (const name of pages) {
      const local = [...read(name).matchAll(/<a href="([\w-]+\.html)(?:#([^"]*))?"/g)];
      for (const [, page, anchor] of local) {
        expect(pages).toContain(page);
        expect(anchor === undefined || read(page).includes(` id="${anchor}">`)).toBe(true);
      }
      expect(read(name)).not.toMatch(/href="[\w-]+\.md/);
    }
    expect(pages).toContain('annotate.html');
  });
});
