/**
 * Writes which packages of npm are in the plugin, as a CycloneDX document:
 *
 *   node plugin-sbom.mjs PLUGIN-FOLDER NPM-SBOM SECONDS OUTPUT
 *
 * PLUGIN-FOLDER is what plugin.mjs wrote, SECONDS the time of the release since the epoch. Node itself is not in the plugin.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentOf, npmComponents } from './cyclonedx.mjs';

const [folder, npmFile, seconds, output] = process.argv.slice(2);
const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
const npm = json(npmFile);
const { name, version, license } = json('package.json');
const digest = createHash('sha256')
  .update(readFileSync(join(folder, 'kubectl-stasis')))
  .digest('hex');
const bundled = json(join(folder, 'packages.json')).packages.map((each) => `${each.name}@${each.version}`);

const document = documentOf(npm, {
  of: `plugin ${digest}`,
  timestamp: new Date(seconds * 1000).toISOString(),
  component: {
    // npm knows by this name what needs what.
    'bom-ref': `${name}@${version}`,
    type: 'application',
    name: 'kubectl-stasis',
    version,
    purl: `pkg:generic/kubectl-stasis@${version}`,
    hashes: [{ alg: 'SHA-256', content: digest }],
    licenses: [{ license: { id: license } }],
  },
  packages: npmComponents(npm, bundled),
});
writeFileSync(output, `${JSON.stringify(document, null, 2)}\n`);
