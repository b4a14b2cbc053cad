// Writes locales/en-US from the texts in the source, and says which texts a translation lacks or has in excess.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const source = path.join(path.dirname(fileURLToPath(import.meta.url)), 'src');
const file = (language) => path.join(source, 'locales', language, 'scaleway-audittrail-datasource.json');

function sources(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    return entry.isDirectory() ? sources(name) : /(?<!\.test)\.tsx?$/.test(entry.name) ? [name] : [];
  });
}

/** Every text in the source: its key and its English words. */
export function texts() {
  const found = {};
  for (const name of sources(source)) {
    const code = fs.readFileSync(name, 'utf8');
    for (const [, key, quote, text] of code.matchAll(/\bt\(\s*'([\w.-]+)',\s*(['"])((?:(?!\2).)*)\2/g)) {
      found[key] = quote === "'" ? text.replaceAll("\\'", "'") : text;
    }
  }
  return found;
}

function nested(flat) {
  const result = {};
  for (const key of Object.keys(flat).sort()) {
    const parts = key.split('.');
    const last = parts.pop();
    const place = parts.reduce((object, part) => (object[part] ??= {}), result);
    place[last] = flat[key];
  }
  return result;
}

function flat(object, prefix = '') {
  return Object.entries(object).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${prefix}${key}`] : flat(value, `${prefix}${key}.`)
  );
}

const english = texts();
const written = `${JSON.stringify(nested(english), null, 2)}\n`;
if (process.argv.includes('--check')) {
  if (fs.readFileSync(file('en-US'), 'utf8') !== written) {
    throw new Error('locales/en-US is not what the source says: run npm run locales');
  }
} else {
  fs.writeFileSync(file('en-US'), written);
}
const french = new Set(flat(JSON.parse(fs.readFileSync(file('fr-FR'), 'utf8'))));
const missing = Object.keys(english).filter((key) => !french.has(key));
const excess = [...french].filter((key) => !(key in english));
if (missing.length || excess.length) {
  console.error('fr-FR lacks', missing, 'and has in excess', excess);
  process.exitCode = 1;
}
