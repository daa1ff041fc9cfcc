/** Runs the image of this machine's architecture, which `make image` wrote, as a container would. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import type { PodCapture } from '../../src/api/podcapture.js';
import { cleanupAll } from '../kernel/harness/cleanup.js';
import { anyVersion, describeOn } from '../kernel/harness/requirements.js';
import { startStasis } from '../kernel/harness/stasis-command.js';
import { assertUntouched } from '../kernel/harness/tasks.js';
import { startWorkload } from '../kernel/harness/workload.js';
import { ARCHIVE, built, HERE, UNPACK_MS, version } from './built-image.js';
import { openImage, type OpenedImage } from './opened-image.js';

let image: OpenedImage;
/** The file system of the image for this machine. */
let fileSystem: string;
beforeAll(() => {
  if (!built) return;
  image = openImage(ARCHIVE, mkdtempSync(join(tmpdir(), 'stasis-image-test-')));
  fileSystem = image.images.get(HERE)?.root ?? '';
}, UNPACK_MS);
afterAll(() => {
  if (built) image.close();
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('skipped: in the image: chroot needs root\n');
(built && isRoot ? describe : describe.skip)('in the image', () => {
  test.each(['65532:65532', '0:0'])('stasis prints its version and its help as user %s', (user) => {
    const inside = (...args: string[]): string => {
      const [program = '', ...words] = insideImage(fileSystem, `--userspec=${user}`);
      const { stdout, stderr } = spawnSync(program, [...words, ...args], { encoding: 'utf8' });
      return stdout + stderr;
    };
    expect(inside('stasis', '--version')).toBe(`${version}\n`);
    expect(inside('stasis', 'help')).toMatch(/^Usage: stasis /);
    expect(inside('node', '--version')).toMatch(/^v24\./);
    expect(inside('stasis-guard')).toMatch(/^usage: stasis-guard /);
    expect(inside('sh', '-c', 'sleep 0 && kill -0 $$ && /usr/bin/kill -0 $$ && echo well')).toBe('well\n');
  });
});

if (built) {
  describeOn(anyVersion(), 'in the image', (make) => {
    afterEach(cleanupAll);

    test('stasis checkpoint holds a process tree and releases it', async () => {
      const cgroup = make('image');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const command = [...insideImage(fileSystem), 'stasis'];
      const args = ['checkpoint', '--cgroup', cgroup.directory, '-o', 'json'];
      const { status, stdout, stderr } = await startStasis(args, command).ended;
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const capture = JSON.parse(stdout) as PodCapture;
      expect(capture.status.tree?.map((row) => row.pid)).toContain(pid);
      await assertUntouched([pid]);
    });
  });
}

/**
 * The start of a command line that runs the rest of it in the image as a container does: with /proc, /sys and /dev, the PATH of
 * the config, and without the environment of the caller. The mounts are in a mount namespace of their own, and end with it.
 */
function insideImage(root: string, ...chrootOptions: string[]): string[] {
  for (const name of ['proc', 'sys', 'dev']) mkdirSync(join(root, name), { recursive: true });
  const enter = `root=$1; shift
    for name in proc sys dev; do mount --rbind "/$name" "$root/$name"; done
    exec chroot "$@"`;
  const clean = ['/usr/bin/env', '-i', 'PATH=/usr/bin'];
  return ['unshare', '--mount', 'sh', '-euc', enter, 'sh', root, ...chrootOptions, root, ...clean];
}
