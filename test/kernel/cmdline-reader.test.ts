/** Command lines of real processes: whole or marked, whatever their owners do against it. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import type { ProcessRow } from '../../src/api/podcapture.js';
import { MAX_BYTES } from '../../src/node-agent/report/cmdline-protocol.js';
import { readCmdlines } from '../../src/node-agent/report/cmdline-reader.js';
import { countCommandLines, MAX_ARGUMENTS } from '../../src/node-agent/pure/command-lines.js';
import { processRow } from '../unit/builders.js';
import { cleanupAll, onCleanup } from './harness/cleanup.js';
import { programPath } from './harness/programs.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { childrenOf, startTimeOf, stateOf, threadsOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 60_000;

afterEach(cleanupAll);

function rowOf(pid: number): ProcessRow {
  return processRow({ pid, startTimeTicks: Number(startTimeOf(pid)) });
}

async function commandLine(...args: readonly (string | number)[]): Promise<number> {
  return (await startWorkload(undefined, 'command-line', args)).pid;
}

/** A process whose command line cannot be read: reading it waits until the test ends. */
async function blockedProcess(): Promise<number> {
  const directory = join(scratchDirectory(), 'mount');
  mkdirSync(directory);
  onCleanup({ what: directory, undo: () => rmSync(directory, { recursive: true, force: true }) });
  const server = await startWorkload(undefined, 'fuse-hang', [directory, 'mmap-lock']);
  return Number(/^reader ([0-9]+)$/m.exec(server.output())?.[1]);
}

/** The process that reads: the only child of this one that runs the worker. */
function readerOf(): number | undefined {
  return childrenOf(process.pid).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('cmdline.worker'));
}

describeOn(anyVersion(), 'readCmdlines()', () => {
  test(
    'readCmdlines() has a command line of 1.5 MB whole',
    async () => {
      const pid = await commandLine('long', 1_500_000);
      const { cmdline = [], ...marks } = (await readCmdlines('/proc', [rowOf(pid)])).get(pid) ?? {};
      expect([cmdline.slice(0, 2), cmdline.at(-1)]).toEqual([['command-line', 'sleep'], 'the-end']);
      expect(`${cmdline.join('\0')}\0`).toHaveLength(1_500_000);
      expect(marks).toEqual({});
    },
    LONG,
  );

  test(
    'readCmdlines() cuts only the long ones where all together are too long, and says how long each is',
    async () => {
      const [long, length] = [6, 1_900_000];
      const pids = await Promise.all(Array.from({ length: long }, async () => await commandLine('long', length)));
      const short = await commandLine('latin');
      const lines = await readCmdlines('/proc', [short, ...pids].map(rowOf));
      expect(lines.get(short)?.cmdlineCut).toBeUndefined();
      let kept = 0;
      for (const pid of pids) {
        const { cmdline, cmdlineCut } = lines.get(pid) ?? {};
        expect([cmdline?.[1], cmdlineCut?.lengthBytes]).toEqual(['sleep', length]);
        kept += cmdlineCut?.keptBytes ?? 0;
      }
      expect(kept).toBeLessThanOrEqual(MAX_BYTES);
      expect(kept).toBeGreaterThan(0.99 * MAX_BYTES);
      expect(countCommandLines(lines)).toEqual({ whole: 1, cut: long, unread: {} });
    },
    LONG,
  );

  test(
    'readCmdlines() is not flooded by a process that declares 10 GB of NUL bytes as its arguments',
    async () => {
      const hostile = await commandLine('moved', 10_000_000_000);
      const short = await commandLine('latin');
      const lines = await readCmdlines('/proc', [rowOf(hostile), rowOf(short)]);
      expect(lines.get(short)?.cmdline?.[1]).toBe('sleep');
      const { cmdline = [], cmdlineCut } = lines.get(hostile) ?? {};
      expect(cmdlineCut?.lengthBytes).toBe(10_000_000_000);
      expect(cmdline.length).toBeGreaterThan(MAX_ARGUMENTS / 2);
      expect(cmdline.length).toBeLessThan(MAX_ARGUMENTS);
    },
    LONG,
  );

  test('readCmdlines() has the bytes themselves where they are not UTF-8', async () => {
    const pid = await commandLine('latin');
    const line = (await readCmdlines('/proc', [rowOf(pid)])).get(pid);
    expect(line?.cmdline).toEqual(['command-line', 'sleep', 'caf\ufffd']);
    const bytes = readFileSync(`/proc/${pid}/cmdline`);
    expect(bytes.includes(0xe9)).toBe(true);
    expect(line?.cmdlineBase64).toBe(bytes.toString('base64'));
  });

  test('readCmdlines() has a title whole that was written over the end of the arguments', async () => {
    const pid = await commandLine('title', 150);
    expect((await readCmdlines('/proc', [rowOf(pid)])).get(pid)).toEqual({ cmdline: ['t'.repeat(150)] });
  });

  test('readCmdlines() says that the kernel gives nothing of arguments that are mapped to a file', async () => {
    const pid = await commandLine('file', '/etc/passwd');
    expect((await readCmdlines('/proc', [rowOf(pid)])).get(pid)).toEqual({ cmdlineUnread: 'Refused' });
  });

  test('readCmdlines() lends no command line to a process that is gone, or whose pid was reused', async () => {
    const pid = await commandLine('latin');
    const reused = { ...rowOf(pid), startTimeTicks: 1 };
    expect(await readCmdlines('/proc', [reused])).toEqual(new Map([[pid, { cmdlineUnread: 'Gone' }]]));
    const gone = processRow({ pid: 4_194_303 });
    expect((await readCmdlines('/proc', [gone])).get(gone.pid)).toEqual({ cmdlineUnread: 'Gone' });
  });

  test('readCmdlines() reads the command line of a process whose leader is dead from a thread that lives', async () => {
    const { pid } = await startWorkload(undefined, 'dead-leader', [1]);
    await eventually('the leader is dead', () => stateOf(pid) === 'Z');
    const tid = threadsOf(pid).find((one) => one !== pid) ?? 0;
    const row = { ...rowOf(pid), threads: [{ tid, comm: '', state: 'Alive' as const }] };
    expect((await readCmdlines('/proc', [row])).get(pid)?.cmdline?.[0]).toBe(programPath('dead-leader'));
  });

  test(
    'readCmdlines() reads all of 400 processes beside busy loops',
    async () => {
      const cgroupless = await startWorkload(undefined, 'tree', [400, 1]);
      const pids = childrenOf(cgroupless.pid);
      expect(pids).toHaveLength(400);
      for (let loop = 0; loop < 8; loop++) await startWorkload(undefined, 'busy');
      const lines = await readCmdlines('/proc', pids.map(rowOf));
      expect(countCommandLines(lines)).toEqual({ whole: 400, cut: 0, unread: {} });
    },
    LONG,
  );

  test(
    'readCmdlines() names the process that blocks the read, and is not kept from the others by any number of those',
    async () => {
      const blocked = await blockedProcess();
      const pid = await commandLine('latin');
      // As often as the reader has threads, and more; the last row is tried first.
      const tree = [rowOf(pid), ...Array.from({ length: 100 }, () => rowOf(blocked))];
      const since = performance.now();
      const lines = await readCmdlines('/proc', tree);
      expect(performance.now() - since).toBeLessThan(8000);
      expect(lines.get(blocked)).toEqual({ cmdlineUnread: 'Blocked' });
      expect(lines.get(pid)?.cmdline?.[1]).toBe('sleep');
    },
    LONG,
  );

  test(
    'readCmdlines() says that its reader failed when it is killed, and that its time is over when it stands still',
    async () => {
      const blocked = await blockedProcess();
      for (const [signal, why] of [
        ['SIGKILL', 'ReaderFailed'],
        ['SIGSTOP', 'OutOfTime'],
      ] as const) {
        const reading = readCmdlines('/proc', [rowOf(blocked)]);
        let reader: number | undefined;
        await eventually('it reads', () => (reader = readerOf()) !== undefined);
        process.kill(reader ?? 0, signal);
        expect((await reading).get(blocked)).toEqual({ cmdlineUnread: why });
        await eventually('no reader is left', () => readerOf() === undefined);
      }
    },
    LONG,
  );
});
