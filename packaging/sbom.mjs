// Prints a CycloneDX bill of materials: the crates that are linked into the binaries of the given Rust targets, as cargo
// resolves them, and the packages that are bundled into dist/module.js, as its source map tells.
// Usage: node packaging/sbom.mjs TARGET...
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
const plugin = json('plugin.json');

function component(kind, name, version, license) {
  const purl = `pkg:${kind}/${name.replace('@', '%40')}@${version}`;
  // Older crates write alternatives with a slash.
  const expression = license.replace(/\s*\/\s*/g, ' OR ');
  return { type: 'library', 'bom-ref': purl, name, version, purl, licenses: [{ expression }] };
}

/** Without procedural macros, which run in the compiler only. */
function crates(target) {
  const what = ['--locked', '--no-default-features', '--edges', 'normal,no-proc-macro', '--target', target];
  const tree = execFileSync('cargo', ['tree', ...what, '--prefix', 'none', '--format', '{p}|{l}|'], { encoding: 'utf8' });
  const [, ...linked] = tree.trim().split('\n'); // the first is this one
  return linked.map((line) => {
    const [, name, version, license] = /^(\S+) v(\S+).*?\|(.*?)\|/.exec(line);
    return component('cargo', name, version, license);
  });
}

function packages() {
  const folder = /^webpack:.*?\/((?:node_modules\/(?:@[^/]+\/)?[^/]+\/.*)?node_modules\/(?:@[^/]+\/)?[^/]+)\//;
  const folders = json('dist/module.js.map').sources.flatMap((source) => folder.exec(source)?.[1] ?? []);
  return [...new Set(folders)].map((bundled) => {
    const { name, version, license } = json(`frontend/${bundled}/package.json`);
    return component('npm', name, version, license);
  });
}

const components = new Map([...process.argv.slice(2).flatMap(crates), ...packages()].map((part) => [part.purl, part]));
const bill = {
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: {
    timestamp: `${plugin.info.updated}T00:00:00Z`,
    component: {
      type: 'application',
      'bom-ref': plugin.id,
      name: plugin.id,
      version: plugin.info.version,
      licenses: [{ license: { id: 'Apache-2.0' } }],
    },
  },
  components: [...components.keys()].sort().map((purl) => components.get(purl)),
};
console.log(JSON.stringify(bill, null, 2));
