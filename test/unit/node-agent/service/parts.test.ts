/** Tests the smaller parts of the service, each by itself. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../../src/kube/clock.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { Artifacts } from '../../../../src/node-agent/service/artifacts.js';
import { DiskGate } from '../../../../src/node-agent/service/disk-gate.js';
import { keepMemoryLow } from '../../../../src/node-agent/service/idle-memory.js';
import { TracerPool, type PooledTracer } from '../../../../src/node-agent/service/tracer-pool.js';
import { fastClock, scriptedTracer, tracerScript, uid } from './fixtures.js';
import { silentLogger } from '../../../fake/silent-logger.js';

function pool(unfit: () => boolean = () => false): { pool: TracerPool; started: () => number; closed: () => number } {
  const script = tracerScript();
  let started = 0;
  const made = new TracerPool({
    start: async () => {
      started += 1;
      return await Promise.resolve(scriptedTracer(script));
    },
    rehearse: async () => await Promise.resolve(unfit() ? failure('HostUnfit', 'no') : undefined),
    clock: fastClock(),
    log: silentLogger(),
  });
  return { pool: made, started: () => started, closed: () => script.closed };
}

async function acquire(from: TracerPool): Promise<PooledTracer> {
  const acquired = await from.acquire();
  if (!acquired.ok) throw new Error(acquired.failure.message);
  return acquired.pooled;
}

/** The size from which on no capture begins, in bytes. */
const LIMIT = 1000;

describe('Artifacts', () => {
  let base = '';
  let artifacts: Artifacts;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'stasis-artifacts-'));
    artifacts = new Artifacts(join(base, 'folder'), new DiskGate(systemClock()), LIMIT, (of) => `fetch ${of}`);
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  test("write() replaces a link of the artifact's name instead of following it", async () => {
    mkdirSync(join(base, 'folder'));
    writeFileSync(join(base, 'victim'), 'precious');
    symlinkSync(join(base, 'victim'), join(base, 'folder', `${uid(1)}.json`));
    expect(await artifacts.write(uid(1), ['a', 'bc'])).toMatchObject({
      ok: true,
      artifact: {
        command: `fetch ${uid(1)}`,
        sizeBytes: 3,
        sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      },
    });
    expect(readFileSync(join(base, 'victim'), 'utf8')).toBe('precious');
    expect(readFileSync(join(base, 'folder', `${uid(1)}.json`), 'utf8')).toBe('abc');
    expect(readdirSync(join(base, 'folder'))).toHaveLength(1);
  });

  test.each(['../../victim', 'x', '', `${uid(1)}/..`])(
    'write() and remove() do not accept %p as a UID',
    async (name) => {
      writeFileSync(join(base, 'victim.json'), 'precious');
      expect(await artifacts.write(name, ['x'])).toMatchObject({ ok: false, failure: { reason: 'ArtifactFailed' } });
      await artifacts.remove(name);
      expect(existsSync(join(base, 'victim.json'))).toBe(true);
    },
  );

  test('check() reads the folder again before it refuses: artifacts that somebody removed by hand do not count', async () => {
    expect(await artifacts.check()).toBeUndefined();
    await artifacts.write(uid(1), ['x'.repeat(LIMIT)]);
    expect(await artifacts.check()).toMatchObject({
      reason: 'ArtifactFailed',
      message: expect.stringContaining('take'),
    });
    rmSync(join(base, 'folder', `${uid(1)}.json`));
    expect(await artifacts.check()).toBeUndefined();
    expect(artifacts.filling).toMatchObject({ files: 0, bytes: 0 });
  });

  test('check() makes a missing folder for its own user alone, and leaves nothing in it', async () => {
    expect(await artifacts.check()).toBeUndefined();
    expect([statSync(join(base, 'folder')).mode & 0o7777, readdirSync(join(base, 'folder'))]).toEqual([0o700, []]);
  });

  test.each([0o1777, 0o775, 0o702])(
    'check() refuses a folder that others can write to (mode %o), and keeps its mode',
    async (mode) => {
      mkdirSync(join(base, 'folder'));
      chmodSync(join(base, 'folder'), mode);
      expect(await artifacts.check()).toMatchObject({
        reason: 'ArtifactFailed',
        message: expect.stringContaining('others than its owner can write to it'),
      });
      expect(await artifacts.write(uid(1), ['x'])).toMatchObject({ ok: false, failure: { reason: 'ArtifactFailed' } });
      expect([statSync(join(base, 'folder')).mode & 0o7777, readdirSync(join(base, 'folder'))]).toEqual([mode, []]);
    },
  );

  test.each([
    ['closes an empty folder to others, as a container runtime makes it', [], 0o700],
    ['keeps the mode of a folder that holds something and that only its user can write to', ['of-somebody'], 0o755],
  ])('check() %s', async (_, files, mode) => {
    mkdirSync(join(base, 'folder'));
    chmodSync(join(base, 'folder'), 0o755);
    for (const file of files) writeFileSync(join(base, 'folder', file), '');
    expect(await artifacts.check()).toBeUndefined();
    expect(statSync(join(base, 'folder')).mode & 0o7777).toBe(mode);
  });

  test('check() refuses a link for a folder, and a folder whose parent is missing', async () => {
    mkdirSync(join(base, 'folder'));
    symlinkSync(join(base, 'folder'), join(base, 'link'));
    const through = new Artifacts(join(base, 'link'), new DiskGate(systemClock()), LIMIT, (of) => `fetch ${of}`);
    expect(await through.check()).toMatchObject({ reason: 'ArtifactFailed' });
    const nowhere = new Artifacts(
      join(base, 'no/such/folder'),
      new DiskGate(systemClock()),
      LIMIT,
      (of) => `fetch ${of}`,
    );
    expect(await nowhere.check()).toMatchObject({
      reason: 'ArtifactFailed',
      message: expect.stringContaining('ENOENT'),
    });
  });

  test('removeOrphans() removes artifacts of unknown captures and unfinished files, and nothing else', async () => {
    await artifacts.write(uid(1), ['x']);
    await artifacts.write(uid(2), ['x']);
    for (const name of [`.${uid(3)}.0123abcd.tmp`, 'notes.txt', 'x.json'])
      writeFileSync(join(base, 'folder', name), '');
    expect(await artifacts.removeOrphans(() => new Set([uid(1)]))).toBe(2);
    expect(readdirSync(join(base, 'folder')).sort()).toEqual([`${uid(1)}.json`, 'notes.txt', 'x.json']);
    expect(artifacts.filling).toEqual({ files: 1, bytes: 1, limitBytes: LIMIT });
  });

  test('check() refuses when all artifacts, also those of earlier agents, have reached the limit', async () => {
    mkdirSync(join(base, 'folder'));
    writeFileSync(join(base, 'folder', `${uid(1)}.json`), 'x'.repeat(LIMIT - 1));
    writeFileSync(join(base, 'folder', 'notes.txt'), 'x'.repeat(LIMIT));
    expect(await artifacts.check()).toBeUndefined();
    expect(artifacts.filling).toEqual({ files: 1, bytes: LIMIT - 1, limitBytes: LIMIT });
    await artifacts.write(uid(2), ['y']);
    await artifacts.write(uid(2), ['z']);
    expect(artifacts.filling).toEqual({ files: 2, bytes: LIMIT, limitBytes: LIMIT });
    expect(await artifacts.check()).toMatchObject({
      reason: 'ArtifactFailed',
      message: expect.stringContaining(`take ${LIMIT} of at most ${LIMIT} bytes`),
    });
    await artifacts.remove(uid(2));
    await artifacts.remove(uid(3));
    expect(artifacts.filling.bytes).toBe(LIMIT - 1);
    expect(await artifacts.check()).toBeUndefined();
  });
});

async function eventually(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 500; tries++) await sleep(20);
  expect(holds()).toBe(true);
}

describe('TracerPool', () => {
  test('acquire() takes the warm thread, and starts more when needed', async () => {
    const { pool: made, started } = pool();
    void made.warm();
    const first = await acquire(made);
    expect(started()).toBe(1);
    const second = await acquire(made);
    expect([started(), first === second]).toEqual([2, false]);
    made.release(first);
    expect(await acquire(made)).toBe(first);
  });

  test('release() keeps one thread for good, and the others for a minute', async () => {
    const { pool: made, closed } = pool();
    const all = await Promise.all([acquire(made), acquire(made), acquire(made)]);
    for (const pooled of all) made.release(pooled);
    expect([made.idle, closed()]).toEqual([3, 0]);
    // A minute of the fast clock is 1.2 s. The bound is for a busy machine.
    await eventually(() => closed() === 2);
    await sleep(50);
    expect([made.idle, closed()]).toEqual([1, 2]);
    await made.close();
    expect(closed()).toBe(3);
  });

  test('rehearsal is Passed again once a thread is back, after another one could not be started', async () => {
    const script = tracerScript();
    let started = 0;
    const made = new TracerPool({
      start: async () => {
        started += 1;
        if (started === 2) throw new Error('EAGAIN');
        return await Promise.resolve(scriptedTracer(script));
      },
      rehearse: async () => await Promise.resolve(undefined),
      clock: fastClock(),
      log: silentLogger(),
    });
    expect(made.rehearsal).toBe('Pending');
    const first = await acquire(made);
    expect((await made.acquire()).ok).toBe(false);
    expect(made.rehearsal).toBe('Failed');
    made.release(first);
    expect(made.rehearsal).toBe('Passed');
    await made.close();
  });

  test('acquire() says why the machine is unfit, and succeeds once it is fit', async () => {
    let broken = true;
    const { pool: made } = pool(() => broken);
    expect(await made.warm()).toMatchObject({ reason: 'HostUnfit' });
    expect(await made.acquire()).toMatchObject({ ok: false });
    expect(made.unfit?.message).toBe('no');
    broken = false;
    expect(await made.acquire()).toMatchObject({ ok: true });
    expect(made.unfit).toBeUndefined();
  });
});

describe('keepMemoryLow()', () => {
  test('collects once after work, and not while work goes on', async () => {
    const stop = new AbortController();
    let [collected, idle, done] = [0, false, 1];
    const running = keepMemoryLow(
      { clock: fastClock(), collect: () => (collected += 1), isIdle: () => idle, done: () => done },
      stop.signal,
    );
    await sleep(250);
    expect(collected).toBe(0);
    idle = true;
    await eventually(() => collected === 1);
    done = 2;
    await eventually(() => collected === 2);
    expect(collected).toBe(2);
    stop.abort();
    await running;
  });
});
