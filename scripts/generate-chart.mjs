// Makes what the chart has of other files: copies of CRDs, alerts and dashboards, because a chart cannot read files outside
// of its own folder, and the table of values in its README. With --check it writes nothing, and fails when something differs.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { valuesTable } from './values-table.mjs';

const DEPLOY = new URL('../deploy/', import.meta.url);
const COPIES = [
  { from: 'crds/', to: 'helm/files/crds/', wanted: /\.yaml$/ },
  { from: 'alerts/', to: 'helm/files/alerts/', wanted: /^stasis\.rules\.yaml$/ },
  { from: 'dashboards/', to: 'helm/files/dashboards/', wanted: /\.json$/ },
];
const BEGIN = '<!-- made from values.yaml by `npm run generate`: begin -->\n';
const END = '<!-- end -->\n';

const check = process.argv.includes('--check');
const drifted = [];

for (const { from, to, wanted } of COPIES) {
  const names = (await filesOf(from)).filter((name) => wanted.test(name));
  for (const name of await filesOf(to)) {
    if (names.includes(name)) continue;
    drifted.push(`${to}${name}`);
    if (!check) await rm(new URL(to + name, DEPLOY));
  }
  if (!check && names.length > 0) await mkdir(new URL(to, DEPLOY), { recursive: true });
  for (const name of names) await put(to + name, await textOf(from + name));
}

const readme = (await textOf('helm/README.md')) ?? '';
const [before, rest = ''] = readme.split(BEGIN);
const after = rest.split(END)[1];
if (after === undefined) throw new Error('deploy/helm/README.md has no place for the table of values');
await put('helm/README.md', `${before}${BEGIN}\n${valuesTable(await textOf('helm/values.yaml'))}\n${END}${after}`);

if (check) for (const path of drifted) console.error(`deploy/${path} is not up to date: run npm run generate`);
process.exitCode = check && drifted.length > 0 ? 1 : 0;

async function filesOf(folder) {
  return await readdir(new URL(folder, DEPLOY)).catch(() => []);
}

async function textOf(path) {
  return await readFile(new URL(path, DEPLOY), 'utf8').catch(() => undefined);
}

async function put(path, text) {
  if ((await textOf(path)) === text) return;
  drifted.push(path);
  if (!check) await writeFile(new URL(path, DEPLOY), text);
}
