import { expect, test } from '@jest/globals';
import {
  CAPABILITY_COUNT,
  decodeCapabilities,
  isBeyondDefault,
  namesOrAll,
} from '../../../../src/cli/report/capabilities.js';

test.each([
  ['0000000000000000', []],
  ['0000000000000001', ['CHOWN']],
  ['0000000000200000', ['SYS_ADMIN']],
  ['0000010000000000', ['CHECKPOINT_RESTORE']],
  ['8000000000000000', ['63']],
  ['zz', []],
  ['', []],
  ['00000000000000001', []],
])('decodeCapabilities(%j) is %j', (hexadecimal, names) => {
  expect(decodeCapabilities(hexadecimal)).toEqual(names);
});

test('the default of containerd and Docker is 14 capabilities, none of which is beyond it', () => {
  const names = decodeCapabilities('00000000a80425fb');
  expect(names).toHaveLength(14);
  expect(names.filter(isBeyondDefault)).toEqual([]);
});

test('all capabilities are given as one word', () => {
  const all = decodeCapabilities('000001ffffffffff');
  expect(all).toHaveLength(CAPABILITY_COUNT);
  expect(namesOrAll(all)).toBe('all 41');
  expect(namesOrAll(['BPF', 'PERFMON'])).toBe('BPF, PERFMON');
});
