/** The packages of npm that are in a bundle, and their licences. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i;
const RULE = '='.repeat(80);

/** The packages from which esbuild took something, sorted by name and version. `metafiles` are what esbuild says of its bundles. */
export function packagesOf(metafiles) {
  const used = metafiles.flatMap(({ outputs }) => Object.values(outputs)).flatMap(({ inputs }) => Object.keys(inputs));
  // A package may be inside another package, which needs another version of it.
  const folders = used.map((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const packages = [...new Set(folders)]
    .filter((folder) => folder !== undefined)
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return { name, version, license, folder };
    });
  return packages.sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

/**
 * One text with the full licence of every package. `comments` are the licence comments in the sources, for code that a package
 * itself took from elsewhere. Throws for a package without a file of its licence: its licence has to be looked up by a person.
 */
export function licencesOf(packages, comments) {
  const parts = packages.map(({ name, version, license, folder }) => {
    const files = readdirSync(folder)
      .filter((file) => LICENCE_FILE.test(file))
      .sort();
    if (files.length === 0) throw new Error(`${name}@${version} (${license}) has no file of its licence: ${folder}`);
    const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
    return `${RULE}\n${name} ${version} (${license})\n${RULE}\n\n${texts.join('\n\n')}\n`;
  });
  const head = 'kubectl-stasis contains parts of these packages, below the licences that follow.\n';
  return [head, ...parts, `${RULE}\nLicence comments in the sources\n${RULE}\n\n${comments.trim()}\n`].join('\n');
}
