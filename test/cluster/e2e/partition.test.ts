/**
 * Tests an agent that the network has cut off. It lets every pod go by its own clock, before the controller may call it
 * lost, whatever the controller's clock says.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Cluster } from '../harness/cluster.js';
import { expectRefused } from './endings.js';
import { everythingRuns, standingStill, testCluster } from './node-view.js';
import { cutOff } from './partition.js';
import { heart, lastBeat } from './pods.js';
import { describeOnNamespaceNodes } from './requirement.js';
import { kubectl, rolledOut, STASIS } from './settings.js';
import { condition, openWorld, succeeded, until, type World } from './world.js';

const LONG = 600;
/** The agent lets go 25 s after it sent the last renewal that arrived, and within 10 s. */
const FREE_WITHIN_SECONDS = 36;
/** The controller calls an agent lost 40 s after the last sign of life that it saw. */
const LOST_WITHIN_SECONDS = 70;
const DEPLOYMENT = 'deployment/stasis-controller';
/** The value of the image. */
const USUAL_OPTIONS = '--disable-sigusr1';

/** Options of Node with which the clock of a process is wrong by so many seconds. */
function wrongClock(seconds: number): string {
  const script = `const Right=Date,by=${seconds * 1000};globalThis.Date=class extends Right{constructor(...a){if(a.length===0)super(Right.now()+by);else super(...a)}static now(){return Right.now()+by}}`;
  return `${USUAL_OPTIONS} --import=data:text/javascript,${encodeURIComponent(script)}`;
}

describeOnNamespaceNodes('an agent that the network has cut off', ({ nodeName, freezer }) => {
  if (freezer !== 'v2') {
    test.todo(`on the node with the freezer of v2 alone, not on ${nodeName}: the freezer makes no difference`);
    return;
  }
  let cluster: Cluster;
  let world: World;
  let heal: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    world = await openWorld('partition', nodeName);
  });
  beforeEach(async () => {
    await world.createPod('heart', [heart('beat')]);
    await world.running('heart');
  });
  afterEach(async () => {
    await heal?.();
    heal = undefined;
    await rolledOut(cluster);
    for (const { metadata } of await world.checkpoints()) {
      await world.removeCheckpoint(metadata.name);
      await world.expectGone(metadata.name);
    }
    await everythingRuns(cluster);
    await world.removePod('heart');
    await world.podGone('heart');
  });
  afterAll(async () => {
    await setOptions(USUAL_OPTIONS);
    await world.close();
  }, 300_000);

  const setOptions = async (options: string): Promise<void> => {
    await kubectl(cluster, ['set', 'env', DEPLOYMENT, '-n', STASIS, `NODE_OPTIONS=${options}`]);
    await rolledOut(cluster);
  };
  /** Waits until nothing is held on the node any more, and returns how the Checkpoint is at that moment. */
  const freed = async (name: string) => {
    const node = cluster.node(nodeName);
    await until(
      'the pod to be let go',
      async () => ((await standingStill(node)).length === 0 ? true : undefined),
      async () => (await standingStill(node)).join('\n'),
      FREE_WITHIN_SECONDS,
    );
    return await world.getCheckpoint(name);
  };
  const expectCaptured = async (name: string, seconds?: number): Promise<void> => {
    await world.create(name, { podName: 'heart' });
    expect(succeeded(await world.ended(name, seconds))?.reason).toBe('Captured');
  };

  test.each([0, 30, -30])(
    'lets the pod go before it is called lost, with the clock of the controller wrong by %i s',
    async (wrong) => {
      await setOptions(wrong === 0 ? USUAL_OPTIONS : wrongClock(wrong));
      // The clock is wrong for certain: what the controller writes says so.
      const name = `cut-${wrong + 30}`;
      await world.hold(name, 'heart', LONG);
      const { startTime = '' } = (await world.getCheckpoint(name))?.status ?? {};
      expect(Math.abs(Date.parse(startTime) - wrong * 1000 - Date.now())).toBeLessThan(15_000);

      heal = await cutOff(cluster, nodeName);
      const then = await freed(name);
      expect(condition(then, 'Finished')?.status).toBe('False');
      expect(succeeded(then)?.reason).toBe('Holding');
      const before = lastBeat(await world.log('heart'));
      await until('the heart to beat', async () => (lastBeat(await world.log('heart')) > before ? true : undefined));

      const checkpoint = await world.ended(name, LOST_WITHIN_SECONDS);
      expect(succeeded(checkpoint)).toMatchObject({ status: 'False', reason: 'NodeAgentLost' });
      expect(condition(checkpoint, 'Held')?.status).not.toBe('True');
      await heal();
      heal = undefined;
      await expectCaptured(`${name}-healed`, 120);
      // What has ended stays ended, whatever the agent reports now.
      expect(succeeded(await world.getCheckpoint(name))?.reason).toBe('NodeAgentLost');
    },
    400_000,
  );

  test('reports the cut hold itself when it is joined again in time, or finds that it was called lost', async () => {
    await world.hold('healed', 'heart', LONG);
    heal = await cutOff(cluster, nodeName);
    await freed('healed');
    await heal();
    heal = undefined;
    const checkpoint = await world.ended('healed', LOST_WITHIN_SECONDS);
    expect(['HoldCutShort HeartbeatLost', 'NodeAgentLost NodeAgentLost']).toContain(
      `${succeeded(checkpoint)?.reason} ${condition(checkpoint, 'Held')?.reason}`,
    );
    await expectCaptured('healed-again', 120);
  }, 300_000);

  test('ends what is new on its node at the deadline at the latest, and never carries it out later', async () => {
    heal = await cutOff(cluster, nodeName);
    await until(
      'the agent to be called lost',
      async () => {
        const name = `probe-${Date.now()}`;
        await world.create(name, { podName: 'heart', startingDeadlineSeconds: 2 });
        return succeeded(await world.ended(name, LOST_WITHIN_SECONDS))?.reason === 'NodeAgentUnavailable'
          ? true
          : undefined;
      },
      undefined,
      2 * LOST_WITHIN_SECONDS,
    );
    await world.create('too-late', { podName: 'heart', startingDeadlineSeconds: 3 });
    await expectRefused(world, 'too-late', 'NodeAgentUnavailable', new RegExp(nodeName), 15);
    await heal();
    heal = undefined;
    await expectCaptured('afterwards', 120);
    expect(succeeded(await world.getCheckpoint('too-late'))?.reason).toBe('NodeAgentUnavailable');
  }, 500_000);
});
