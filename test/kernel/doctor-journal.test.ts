/** Checks that the reader of journals mirrors the header file of the guard, and reads the journals that a guard writes. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

import { afterEach, describe, expect, test } from '@jest/globals';

import {
  GUARD_DIED,
  guardOfJournal,
  MAX_RECORDS,
  parseJournal,
  RECORD_BYTES,
  RECORD_LAYOUT,
  RECORD_MAGIC,
  RECORD_STATES,
  THAWED,
} from '../../src/node-agent/pure/guard-journal.js';
import { cleanupAll } from './harness/cleanup.js';
import { journalOf, startClient, startGuard } from './harness/guard.js';
import { programPath } from './harness/programs.js';
import { describeOn } from './harness/requirements.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

describe('RECORD_LAYOUT', () => {
  test('agrees with journal.h on each field and number', () => {
    const { stdout } = spawnSync(programPath('guard-journal-layout'), { encoding: 'utf8' });
    const theirs = stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]);
    expect(Object.fromEntries(theirs)).toEqual({
      ...Object.fromEntries(Object.entries(RECORD_LAYOUT).map(([name, offset]) => [snake(name), offset])),
      ...Object.fromEntries(RECORD_STATES.map((name, index) => [`RECORD_${name.toUpperCase()}`, index])),
      RECORD_BYTES,
      GUARD_THAWED: THAWED,
      GUARD_GUARD_DIED: GUARD_DIED,
      'MAX_FREEZERS + MAX_RECOVERED': MAX_RECORDS,
      [RECORD_MAGIC]: 0,
    });
  });
});

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'parseJournal()', (make) => {
    test('reads the journal that a guard has written', async () => {
      const cgroup = make('journal');
      await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      const before = Number(process.hrtime.bigint() / 1000n);
      await client.say('announce 3 900 60000');
      const path = journalOf(guard);
      const written = parseJournal(readFileSync(path));
      const status = statSync(cgroup.directory, { bigint: true });
      expect(written).toHaveLength(1);
      expect(written[0]).toMatchObject({
        sort: 'Sound',
        record: {
          state: 'Open',
          boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
          capture: '67756172-642d-636c-6965-6e742d000000',
          container: 3,
          version,
          inode: status.ino,
          device: status.dev,
          pid: client.pid,
          path: cgroup.directory,
        },
      });
      const [slot] = written;
      const record = slot?.sort === 'Sound' ? slot.record : undefined;
      const announced = record?.announcedMicroseconds ?? 0;
      expect(announced).toBeGreaterThanOrEqual(before);
      expect((record?.freezerDeadlineMicroseconds ?? 0) - announced).toBeGreaterThan(800_000);
      expect((record?.holdDeadlineMicroseconds ?? 0) - announced).toBeGreaterThan(59_000_000);
      expect(guardOfJournal(path.slice(path.lastIndexOf('/') + 1))?.pid).toBe(guard.pid);
      expect([await client.say('opened 3'), await client.say('done')]).toEqual(['ok', 'ok']);
      expect(parseJournal(readFileSync(path))).toMatchObject([{ sort: 'Sound', record: { state: 'Closed' } }]);
    });
  });
}
