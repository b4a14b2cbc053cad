// Writes the pages of docs/ as HTML into a folder, from which Grafana serves them: notices and editors lead to their headings.
// Usage: node documentation.mjs FOLDER
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Marked } from 'marked';

const docs = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'docs');

/** The anchor of a heading, as on the web pages of repositories. */
function anchor(heading) {
  const kept = heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number} _-]/gu, '');
  return kept.replaceAll(' ', '-');
}

const marked = new Marked({
  renderer: {
    heading({ tokens, depth, text }) {
      return `<h${depth} id="${anchor(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    link({ href, tokens }) {
      // Pages lead to each other; what is not a page of docs/ stays as it is.
      const page = href.replace(/^([\w-]+)\.md(?=#|$)/, '$1.html');
      return `<a href="${page}">${this.parser.parseInline(tokens)}</a>`;
    },
  },
});

const style = `
  :root { color-scheme: light dark }
  body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.6 system-ui, sans-serif }
  blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid #8888; white-space: pre-line }
  table { border-collapse: collapse } td, th { padding: 0.3rem 0.6rem; border: 1px solid #8886; text-align: left; vertical-align: top }
  pre { overflow-x: auto; padding: 0.8rem; background: #8882 } img { max-width: 100% } :target { background: #fc06 }`;

function page(markdown) {
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? 'Scaleway Audit Trail';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} · Scaleway Audit Trail</title>
<style>${style}
</style>
${marked.parse(markdown)}</html>
`;
}

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('Usage: node documentation.mjs FOLDER');
  process.exit(1);
}
fs.mkdirSync(folder, { recursive: true });
for (const name of fs.readdirSync(docs).filter((name) => name.endsWith('.md'))) {
  const html = page(fs.readFileSync(path.join(docs, name), 'utf8'));
  fs.writeFileSync(path.join(folder, name.replace(/\.md$/, '.html')), html);
}
