/** Checks the one file of the kubectl plugin: where it runs, and what it contains. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { REPOSITORY } from '../kernel/harness/programs.js';
import { MIB, version } from './built-image.js';
import { bundled, environment, FOLDER, NODES, PLUGIN, run } from './built-plugin.js';
import { readJson } from './opened-image.js';

const MOST_BYTES = 3 * MIB;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-plugin-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Copies the plugin to a folder of its own, and returns its path. */
function copied(name: string): string {
  const directory = join(folder, name);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'kubectl-stasis');
  copyFileSync(PLUGIN, file);
  chmodSync(file, 0o755);
  return file;
}

const { packages, sources } = (bundled ? readJson(join(FOLDER, 'packages.json')) : { packages: [], sources: [] }) as {
  packages: readonly { readonly name: string; readonly version: string }[];
  sources: readonly string[];
};

async function bundle(output: string): Promise<number> {
  const args = ['deploy/release/plugin.mjs', output];
  return (await run(process.execPath, args, { cwd: REPOSITORY, env: environment(folder) })).status;
}

(bundled ? describe : describe.skip)('the file of the plugin', () => {
  test('the file has less than 3 MiB, and can be executed', () => {
    const { size, mode } = statSync(PLUGIN);
    expect(size).toBeLessThan(MOST_BYTES);
    expect(mode & 0o777).toBe(0o755);
  });

  test('the file has the same bytes each time that it is made, also by several at once', async () => {
    const folders = ['first', 'second', 'third'].map((name) => join(folder, name));
    expect(await Promise.all(folders.map(bundle))).toEqual([0, 0, 0]);
    for (const name of ['kubectl-stasis', 'THIRD-PARTY-LICENSES', 'packages.json'])
      for (const each of [...folders, FOLDER])
        expect(readFileSync(join(each, name))).toEqual(readFileSync(join(folders[0] ?? '', name)));
  });

  test('the file names no path of the machine that made it', () => {
    expect(readFileSync(PLUGIN, 'utf8').includes(REPOSITORY.replace(/\/$/, ''))).toBe(false);
  });

  test('the file holds no code of the node half, and none that needs what only Linux has', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter((file) => /^build\/src\/(native|node-agent|controller)\//.test(file))).toEqual([]);
    const code = sources.filter((file) => !file.includes('/generated/'));
    const linux = code.filter((file) => /['"`]\/(?:proc|sys)\//.test(readFileSync(join(REPOSITORY, file), 'utf8')));
    // Without /proc, the plugin writes as every other program does.
    expect(linux).toEqual(['build/src/cli/kubectl/unhindered-errors.js']);
  });

  test('every package in the file has its full licence in THIRD-PARTY-LICENSES', () => {
    const text = readFileSync(join(FOLDER, 'THIRD-PARTY-LICENSES'), 'utf8');
    expect(packages.length).toBeGreaterThan(5);
    for (const { name, version: of } of packages) {
      const licence = text.split(`\n${name} ${of} (`)[1]?.split(/\n={80}\n/)[1] ?? '';
      expect(licence).toMatch(/Permission (?:is hereby granted|to use, copy)|Apache License/);
    }
  });
});

(bundled ? describe.each(NODES) : describe.skip.each(NODES))('the plugin on %s', (node) => {
  test.each([
    ['an empty folder', undefined],
    ['a folder of ES modules', '{"type":"module"}'],
    ['a folder of CommonJS', '{"type":"commonjs"}'],
  ])('the plugin runs in %s, and by a link as krew makes it', async (name, manifest) => {
    const file = copied(name);
    if (manifest !== undefined) writeFileSync(join(folder, name, 'package.json'), manifest);
    const bin = join(folder, name, 'bin');
    rmSync(bin, { recursive: true, force: true });
    mkdirSync(bin);
    symlinkSync(file, join(bin, 'kubectl-stasis'));
    for (const path of [file, join(bin, 'kubectl-stasis')]) {
      const ran = await run(path, ['--version'], { cwd: folder, env: environment(folder, node) });
      expect(ran).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    }
  });

  test('the plugin loads its libraries, and says what is wrong with a kubeconfig', async () => {
    const ran = await run(copied('alone'), ['tree', 'web-x7k2p', '--kubeconfig', 'nowhere'], {
      cwd: folder,
      env: environment(folder, node),
    });
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^error: .*nowhere.*\n$/);
  });

  test('the plugin starts on macOS: nothing asks for what only Linux has', async () => {
    const pretend = join(folder, 'darwin.cjs');
    writeFileSync(
      pretend,
      `Object.defineProperty(process, 'platform', { value: 'darwin' });
       const fs = require('node:fs');
       for (const name of ['readFileSync', 'openSync', 'existsSync', 'statSync', 'readlinkSync', 'readdirSync', 'accessSync']) {
         const real = fs[name];
         fs[name] = (path, ...rest) => {
           if (/^\\/(proc|sys)\\//.test(String(path))) throw new Error('macOS has no ' + path);
           return real(path, ...rest);
         };
       }`,
    );
    const file = copied('macos');
    for (const argv of [['--version'], ['checkpoint', '--help'], ['__complete', 'tree', '--context', '']]) {
      const ran = await run(node, ['--require', pretend, file, ...argv], {
        cwd: folder,
        env: environment(folder, node),
      });
      expect(ran).toMatchObject({ status: 0, stderr: '' });
    }
  });

  test('kubectl_complete-stasis answers kubectl', async () => {
    const ran = await run('kubectl_complete-stasis', ['tre'], { cwd: folder, env: environment(folder, node) });
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringMatching(/^tree\t.*\n:4\n$/), stderr: '' });
  });
});
