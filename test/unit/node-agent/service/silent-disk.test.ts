/** Tests an agent whose disk does not answer: nobody waits for it without a bound. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { systemClock } from '../../../../src/kube/clock.js';
import { DiskGate } from '../../../../src/node-agent/service/disk-gate.js';
import { held, podCapture, startAgent, succeeded, type Agent } from './fixtures.js';

/** A disk that answers so many accesses, and then hangs until `answer` is called. */
class HangingDisk extends DiskGate {
  answers = Number.POSITIVE_INFINITY;
  answered = 0;
  /** Accesses that have not ended. */
  pending = 0;
  answer: () => void = () => undefined;
  readonly #back = new Promise<void>((resolve) => (this.answer = resolve));

  override async touch<T>(work: () => Promise<T>, unanswered: () => T, signal?: AbortSignal): Promise<T> {
    const slow = async (): Promise<T> => {
      this.answers -= 1;
      this.pending += 1;
      try {
        if (this.answers < 0) await this.#back;
        const result = await work();
        this.answered += 1;
        return result;
      } finally {
        this.pending -= 1;
      }
    };
    return await super.touch(slow, unanswered, signal);
  }
}

let disk: HangingDisk;
let agent: Agent;
beforeEach(() => {
  // The bound of five seconds is one: less than a busy machine needs for an access would be a silent disk in each test.
  const clock = systemClock();
  disk = new HangingDisk({ ...clock, sleep: async (ms, signal) => await clock.sleep(ms / 5, signal) });
  agent = startAgent({ parts: { gate: disk } });
});
afterEach(async () => {
  disk.answer();
  await agent.stop();
  // Disk accesses that nobody waited for still write into the folder that is removed now.
  await agent.until('the disk has done everything', () => disk.pending === 0);
  await agent.remove();
});

/** The agent sweeps its folder when it starts. */
async function swept(): Promise<void> {
  await agent.until('swept', () => disk.answered >= 1);
}

describe('a disk that does not answer', () => {
  test('after a hold: its end is reported in bounded time, with ArtifactFailed and the tree', async () => {
    await swept();
    disk.answers = 1;
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 1 } }));
    expect(await agent.end(1)).toMatchObject({
      status: 'False',
      reason: 'ArtifactFailed',
      message: expect.stringMatching(/does not answer$/),
    });
    expect(held(agent.capture(1))).toMatchObject({ status: 'False', reason: 'HoldElapsed' });
    expect(agent.capture(1)?.status?.tree).toHaveLength(1);
    const told = agent.model.events.map(({ object }) => [held(object as never), succeeded(object as never)]);
    expect(told).toContainEqual([
      expect.objectContaining({ status: 'False', reason: 'HoldElapsed' }),
      expect.objectContaining({ status: 'Unknown', reason: 'ArtifactFailed' }),
    ]);
  });

  test('before a capture: that is told, the capture ends in bounded time, and later ones at once', async () => {
    await swept();
    disk.answers = 0;
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'ArtifactFailed' });
    const told = agent.model.events.map(({ object }) => succeeded(object as never));
    expect(told).toContainEqual(
      expect.objectContaining({
        status: 'Unknown',
        reason: 'ArtifactFailed',
        message: 'waits for the disk of the artifacts; nothing was touched',
      }),
    );
    agent.model.put(PODCAPTURES, podCapture(2));
    expect((await agent.end(2)).reason).toBe('ArtifactFailed');
    expect(agent.script.requests).toEqual([]);
  });

  test('before a capture: a deletion and the end of the agent do not wait for it', async () => {
    await swept();
    disk.answers = 0;
    const object = podCapture(1, { hold: { seconds: 60 } });
    const finalizers = ['stasis.dev/release'];
    agent.model.put(PODCAPTURES, { ...object, metadata: { ...object.metadata, finalizers } });
    await agent.until('claimed', () => agent.capture(1)?.status?.claimedBy !== undefined);
    await agent.model.api().remove(PODCAPTURES, { namespace: 'default', name: 'capture-1' });
    expect((await agent.end(1)).reason).toBe('Cancelled');
    const since = performance.now();
    await agent.stop();
    // 20 s of the agent's clock are 400 ms. The rest is for a busy machine.
    expect(performance.now() - since).toBeLessThan(750);
  });
});
