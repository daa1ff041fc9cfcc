/**
 * Bundles the kubectl plugin to one file that runs with Node 20, without the repository: `plugin.mjs FOLDER`. It reads what tsc
 * compiled, so that only one program decides what TypeScript means.
 *
 *   FOLDER/kubectl-stasis            the plugin
 *   FOLDER/kubectl_complete-stasis   what kubectl runs to complete the words after `kubectl stasis`
 *   FOLDER/THIRD-PARTY-LICENSES      the licences of what is in the plugin
 *   FOLDER/packages.json             the packages of npm that are in the plugin, for its SBOM, and our own files
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { licencesOf, packagesOf } from './licences.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: plugin.mjs FOLDER');
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/**
 * Below a package.json with `"type": "module"`, Node takes a file without extension for an ES module, which has no require(). The
 * declaration keeps the one that CommonJS gives.
 */
const REQUIRE = `var require = typeof require === 'function' ? require : process.getBuiltinModule('module').createRequire('/');`;

mkdirSync(folder, { recursive: true });
/** Every file appears whole, or not at all. */
function write(name, content, mode) {
  const file = join(folder, name);
  writeFileSync(`${file}.new`, content);
  chmodSync(`${file}.new`, mode);
  renameSync(`${file}.new`, file);
}

const { text, metafiles, comments } = await bundle('build/src/cli/kubectl/main.js', {
  STASIS_VERSION: JSON.stringify(version),
});
const plugin = join(folder, 'kubectl-stasis');
write('kubectl-stasis', `#!/usr/bin/env node\n${REQUIRE}\n${text}`, 0o755);

const packages = packagesOf(metafiles);
write('THIRD-PARTY-LICENSES', licencesOf(packages, comments), 0o644);
const list = {
  packages: packages.map(({ name, version: of }) => ({ name, version: of })),
  sources: [...new Set(metafiles.flatMap(({ inputs }) => Object.keys(inputs)))]
    .filter((file) => file.startsWith('build/'))
    .sort(),
};
write('packages.json', `${JSON.stringify(list, null, 2)}\n`, 0o644);
write('kubectl_complete-stasis', execFileSync(process.execPath, [plugin, 'completion', 'kubectl']), 0o755);
