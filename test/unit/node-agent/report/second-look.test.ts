import { expect, test } from '@jest/globals';
import { ESRCH } from '../../../../src/native/errno.js';
import type { KernelFiles } from '../../../../src/native/kernel.js';
import { eachRecord } from '../../../../src/node-agent/capture/raw-arena.js';
import type { RawCapture } from '../../../../src/node-agent/capture/raw-capture.js';
import { takeSecondLook } from '../../../../src/node-agent/report/second-look.js';

/** Three processes of one user namespace, of which the first ends right after its links were read. */
const LINKS: Readonly<Record<string, string>> = {
  '/proc/self/ns/user': 'user:[1]',
  '/proc/10/ns/user': 'user:[2]',
  '/proc/11/ns/user': 'user:[2]',
  '/proc/12/ns/user': 'user:[2]',
};
const FILES: Readonly<Record<string, string>> = {
  '/proc/11/uid_map': '0 100000 65536\n',
  '/proc/11/gid_map': '0 200000 65536\n',
};

function give(text: string | undefined, into: Uint8Array): number {
  if (text === undefined) return -ESRCH;
  return new TextEncoder().encodeInto(text, into).written;
}

test('takeSecondLook() reads the id maps of another process of the namespace when the first one has ended', () => {
  const asked: string[] = [];
  const files = {
    readlinkInto: (path: string, into: Uint8Array) => give(LINKS[path], into),
    readInto: (path: string, into: Uint8Array) => {
      asked.push(path);
      return give(FILES[path], into);
    },
    open: () => -ESRCH,
  } as unknown as KernelFiles;
  const processes = [10, 11, 12].map((pid) => [pid, pid] as const);
  const raw = { processes, zombies: [], zombiesAreHeld: true, tasks: [], firstLooks: new Map() };
  const { records } = takeSecondLook(files, '/proc', raw as unknown as RawCapture, new Set());
  const maps = [...eachRecord(records)].filter(({ file }) => file === 'uid_map' || file === 'gid_map');
  expect(maps.map(({ file, id }) => [file, id])).toEqual([
    ['uid_map', 11],
    ['gid_map', 11],
  ]);
  expect(asked.filter((path) => path.endsWith('uid_map'))).toEqual(['/proc/10/uid_map', '/proc/11/uid_map']);
});
