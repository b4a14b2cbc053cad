import { execFileSync } from 'child_process';
import fs from 'fs';
import path from 'path';

/** Words for what the field has other words for, and for people who are no part of a text. */
const UNWANTED = {
  'en-US': /\b(held|told|tells|whoever|somebody|someone|nobody|no one|all who|stands? anywhere|colour|anew)\b/i,
  'fr-FR': /\b(conservée?s?|tous ceux qui|quelqu’un|personne ne)\b/i,
};

/** The texts of a locale, each with its key. */
function texts(locale: object, prefix = ''): Array<[string, string]> {
  return Object.entries(locale).flatMap(([key, value]: [string, string | object]) =>
    typeof value === 'string' ? [[prefix + key, value]] : texts(value, `${prefix}${key}.`)
  );
}

describe('locales', () => {
  it.each(Object.entries(UNWANTED))('use plain words: %s', (language, unwanted) => {
    const file = path.resolve(__dirname, `locales/${language}/scaleway-audittrail-datasource.json`);
    const all = texts(JSON.parse(fs.readFileSync(file, 'utf8')));
    expect(all.length).toBeGreaterThan(200);
    expect(all.filter(([, text]) => unwanted.test(text))).toEqual([]);
  });

  it('have every text of the source, in every language', () => {
    const script = path.resolve(__dirname, '../locales.mjs');
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });
});
