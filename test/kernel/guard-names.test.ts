/** Cgroups whose names are any bytes: in the announcement, the journal and the log, and for the guard that comes next. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

import { afterEach, expect, test } from '@jest/globals';

import { pathBytes, pathText, shownPath } from '../../src/native/path-text.js';
import { parseJournal } from '../../src/node-agent/pure/guard-journal.js';
import { cleanupAll, onCleanup } from './harness/cleanup.js';
import { journalOf, startClient, startGuard } from './harness/guard.js';
import { describeOn } from './harness/requirements.js';

afterEach(cleanupAll);

/** NAME_MAX of Linux. */
const LONGEST_NAME = 255;
/** Characters of a longer path that the log shows (VALUE_BYTES of src/guard/log.c). */
const SHOWN_OF_LONG = 1500;

/** The path of a file in the directory, for Node. */
function within(directory: string, name: string): Buffer {
  return Buffer.from(pathBytes(`${directory}/${name}`));
}

/** Makes nested cgroups, the last of which is returned. */
function makeNested(outer: string, names: readonly string[]): string {
  let directory = outer;
  for (const name of names) {
    const path = within(directory, name);
    mkdirSync(path);
    onCleanup({ what: `${directory}/${name}`, undo: () => rmdirSync(path) });
    directory = `${directory}/${name}`;
  }
  return directory;
}

/** As guard-client takes it. */
function encoded(directory: string): string {
  return Array.from(pathBytes(directory), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis-guard', (make) => {
    const frozen =
      version === 'v1' ? ['freezer.self_freezing', 'freezer.state', 'THAWED'] : ['cgroup.freeze', 'cgroup.freeze', '0'];
    const [asked = '', control = '', word = ''] = frozen;
    const isFrozen = (directory: string): boolean => readFileSync(within(directory, asked), 'latin1').startsWith('1');

    test.each([
      ['is not UTF-8', [pathText(Uint8Array.of(0x61, 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80))]],
      ['is UTF-8', ['größe-€-😀']],
      ['has quotes, backslashes and control characters', ['"a"\\\u0001\t\u007f\u001b[1m']],
      ['has 255 bytes, none of them UTF-8', [pathText(new Uint8Array(LONGEST_NAME).fill(0xfe))]],
      ['has 3,500 bytes', Array.from({ length: 14 }, () => 'x'.repeat(249))],
    ])('opens a cgroup whose name %s, and so does the next guard', async (_, names) => {
      const directory = makeNested(make('names').directory, names);
      onCleanup({ what: 'thaw', undo: () => writeFileSync(within(directory, control), word) });
      const guard = await startGuard();
      const client = await startClient(guard, { directory: encoded(directory), version });
      expect([await client.say('announce 0 900 5000'), await client.say('freeze')]).toEqual(['ok', 'ok']);
      expect(isFrozen(directory)).toBe(true);
      expect(parseJournal(readFileSync(journalOf(guard)))).toMatchObject([
        { record: { state: 'Open', path: directory } },
      ]);
      await guard.end('SIGKILL');
      client.kill('SIGKILL');
      await client.died();
      expect(isFrozen(directory)).toBe(true);
      const next = await startGuard({ state: guard.state });
      const { cgroup = '' } = await next.logged('released');
      expect(isFrozen(directory)).toBe(false);
      expect(cgroup.endsWith('…') ? cgroup.length : cgroup).toBe(
        cgroup.endsWith('…') ? SHOWN_OF_LONG + 1 : shownPath(directory),
      );
      expect(shownPath(directory)).toContain(cgroup.replace(/…$/, ''));
      expect(next.log().map(({ event }) => event)).toEqual(['recordFound', 'released', 'ready']);
    });
  });
}
