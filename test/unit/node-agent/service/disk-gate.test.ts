import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../../src/kube/clock.js';
import { DiskGate } from '../../../../src/node-agent/service/disk-gate.js';
import { ManualClock } from '../../kube/fixtures.js';

function fail(): never {
  throw new Error('the disk is not silent');
}

describe('DiskGate', () => {
  test('touch() waits until no freezer is closed, and enterStill() until no disk access runs', async () => {
    const gate = new DiskGate(systemClock());
    const log: string[] = [];
    const leave = await gate.enterStill(1000);
    const write = gate.touch(async () => {
      log.push('begin');
      await sleep(5);
      log.push('end');
    }, fail);
    const next = gate.enterStill(1000).then((left) => {
      log.push('still');
      return left;
    });
    await sleep(5);
    expect(log).toEqual([]);
    leave?.();
    leave?.();
    await write;
    (await next)?.();
    expect(log).toEqual(['begin', 'end', 'still']);
  });

  test('enterStill() admits several captures at a time, and gives up on a disk that does not respond', async () => {
    const gate = new DiskGate(systemClock());
    const both = await Promise.all([gate.enterStill(10), gate.enterStill(10)]);
    expect(both.every((leave) => leave !== undefined)).toBe(true);
    for (const leave of both) leave?.();
    const answer = new AbortController();
    const hung = gate.touch(
      async () => await new Promise<void>((resolve) => answer.signal.addEventListener('abort', () => resolve())),
      fail,
    );
    expect(await gate.enterStill(10)).toBeUndefined();
    answer.abort();
    await hung;
    expect(await gate.enterStill(10)).toBeDefined();
  });
});

describe('DiskGate, with a disk that does not answer', () => {
  test('touch() waits for five seconds, and for an abort at most; then it answers at once until the disk does', async () => {
    const clock = new ManualClock();
    const gate = new DiskGate(clock);
    const answer = new EventTarget();
    const hang = async (): Promise<string> =>
      await new Promise((resolve) => answer.addEventListener('late', () => resolve('late')));
    const first = gate.touch(hang, () => 'silent');
    const stop = new AbortController();
    let begun = 0;
    const begin = async (): Promise<string> => await Promise.resolve(`begun ${(begun += 1)}`);
    const second = gate.touch(begin, () => 'stopped', stop.signal);
    const third = gate.touch(begin, () => 'silent');
    await clock.advance(1_000);
    stop.abort();
    expect(await second).toBe('stopped');
    await clock.advance(4_000);
    expect(await Promise.all([first, third, gate.touch(begin, () => 'at once')])).toEqual([
      'silent',
      'silent',
      'at once',
    ]);
    answer.dispatchEvent(new Event('late'));
    await clock.advance(0);
    expect([await gate.touch(begin, () => 'silent'), begun]).toEqual(['begun 1', 1]);
    expect(clock.pending).toBe(0);
  });

  test('touch() does not blame the disk for captures that keep their freezers closed', async () => {
    const clock = new ManualClock();
    const gate = new DiskGate(clock);
    const leave = await gate.enterStill(1_000);
    const write = gate.touch(async () => await Promise.resolve('written'), fail);
    await clock.advance(60_000);
    leave?.();
    expect(await write).toBe('written');
  });
});
