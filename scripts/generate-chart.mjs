// Copies the CRDs into the chart, which cannot read files outside of its own folder. With --check it writes nothing,
// and fails when the copies differ.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';

const FROM = new URL('../deploy/crds/', import.meta.url);
const TO = new URL('../deploy/helm/files/crds/', import.meta.url);

const check = process.argv.includes('--check');
const wanted = (await readdir(FROM)).filter((file) => file.endsWith('.yaml'));
const present = await readdir(TO).catch(() => []);
if (!check) await mkdir(TO, { recursive: true });

const drifted = present.filter((file) => !wanted.includes(file));
if (!check) for (const file of drifted) await rm(new URL(file, TO));
for (const file of wanted) {
  const text = await readFile(new URL(file, FROM), 'utf8');
  if ((await readFile(new URL(file, TO), 'utf8').catch(() => undefined)) === text) continue;
  if (check) drifted.push(file);
  else await writeFile(new URL(file, TO), text);
}
for (const file of check ? drifted : [])
  console.error(`deploy/helm/files/crds/${file} differs from deploy/crds: run npm run generate`);
process.exitCode = check && drifted.length > 0 ? 1 : 0;
