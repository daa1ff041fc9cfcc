import { describe, expect, test } from '@jest/globals';
import { missingLine, shapeOf } from '../../docs/shape.js';

describe('shapeOf()', () => {
  test.each([
    ['web    web   node-2   Captured   6.477ms      3    3   1s', 'web web node-1 Captured 834µs  12  4  2m30s'],
    ['hold-web  2026-11-27T09:30:12.345678Z  2s', 'hold-web 2026-11-28T01:02:03Z   0s'],
    ['podcapture web-8e034fea87', 'podcapture web-0123456789'],
    ['checkpoint.stasis.dev/web-x7k2p created', 'checkpoint.stasis.dev/web-bcdfg created'],
    ['stasis-controller-5d9c7b8f6d-x2x4z  1/1', 'stasis-controller-6c7d8f9b5c-zzzzz 1/1'],
    ['sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 'sha256 0000000000000000'],
    ['pod 0f8fad5b-d9cb-469f-a165-70867728950e', 'pod 1f8fad5b-d9cb-469f-a165-708677289500'],
    ['cgroup v2, freezer v2  1 process, 1 thread', 'cgroup v1, freezer v1  2 processes, 11 threads'],
    ['523   1   0  └─ sleep  /bin/busybox', '7  1  0  ├─ sleep  /bin/busybox'],
    ['freeze ████░░  5ms', 'freeze █  17ms'],
    ['held until 09:30:12 (10m left)', 'held until 10:00:00 (9m 59s left)'],
    ['held for 3.2s, and', 'held for 1h 2m 3s, and'],
    ['\u001B[32mok\u001B[0m', 'ok'],
  ])('is the same for %p and %p', (one, other) => {
    expect(shapeOf(one)).toBe(shapeOf(other));
  });

  test.each([
    ['web web node-2 Captured 6ms', 'web web node-2 Failed 6ms'],
    ['NAME POD NODE', 'NAME NODE POD'],
    ['web-x7k2p', 'db-x7k2p'],
    ['web', 'web-x7k2p'],
    ['3 processes', '3 threads'],
    ['cgroup v2', 'cgroup'],
    ['True', 'False'],
  ])('differs for %p and %p', (one, other) => {
    expect(shapeOf(one)).not.toBe(shapeOf(other));
  });
});

describe('missingLine()', () => {
  const printed = ['Waiting', 'NAME  STATE', 'web   Captured', 'pause 3ms', ''];

  test('accepts what is printed in that order, with lines left out', () => {
    expect(missingLine([], printed)).toBeUndefined();
    expect(missingLine(['NAME STATE', 'web Captured'], printed)).toBeUndefined();
    expect(missingLine(['Waiting', '…', 'pause 9ms', ''], printed)).toBeUndefined();
    expect(missingLine(['web Capt…', 'pause…'], printed)).toBeUndefined();
  });

  test('returns the first line that is missing or comes too early', () => {
    expect(missingLine(['NAME STATE', 'db Captured'], printed)).toBe('db Captured');
    expect(missingLine(['web Captured', 'NAME STATE'], printed)).toBe('NAME STATE');
    expect(missingLine(['Waiting', 'Waiting'], printed)).toBe('Waiting');
    expect(missingLine(['Hold…'], printed)).toBe('Hold…');
    expect(missingLine(['x'], [])).toBe('x');
  });
});
