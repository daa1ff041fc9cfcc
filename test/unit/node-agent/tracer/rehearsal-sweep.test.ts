import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { rehearsalName, sweepRehearsals } from '../../../../src/node-agent/tracer/rehearsal-sweep.js';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'stasis-sweep-'));
  mkdirSync(join(base, 'proc'));
  mkdirSync(join(base, 'cgroup'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function left(): string[] {
  return readdirSync(join(base, 'cgroup')).toSorted();
}

test('sweepRehearsals() removes the cgroups of dead owners, and no others', () => {
  mkdirSync(join(base, 'proc/4711'));
  const alive = rehearsalName(4711, 'a1b2c3d4-5678');
  const others = ['stasis-rehearsal-12', 'stasis-rehearsal-x-a1b2c3d4', 'my-stasis-rehearsal-12-a1b2c3d4', 'pod'];
  for (const name of [alive, rehearsalName(12, 'deadbeef-0'), rehearsalName(13, '00000000-0'), ...others])
    mkdirSync(join(base, 'cgroup', name));
  sweepRehearsals(join(base, 'cgroup'), join(base, 'proc'));
  expect(left()).toEqual([alive, ...others].toSorted());
});

test('sweepRehearsals() leaves a cgroup that cannot be removed yet to the next start', () => {
  mkdirSync(join(base, 'cgroup', rehearsalName(12, 'deadbeef-0'), 'below'), { recursive: true });
  sweepRehearsals(join(base, 'cgroup'), join(base, 'proc'));
  expect(left()).toEqual([rehearsalName(12, 'deadbeef-0')]);
});

test('sweepRehearsals() does nothing where the parent is gone', () => {
  expect(() => sweepRehearsals(join(base, 'nowhere'), join(base, 'proc'))).not.toThrow();
});
