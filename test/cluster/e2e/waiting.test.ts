/**
 * Tests Checkpoints that cannot begin: each says within a second what it waits for, goes on when that is over, and ends at
 * its deadline.
 */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Cluster } from '../harness/cluster.js';
import { expectRefused } from './endings.js';
import { testCluster } from './node-view.js';
import { heart, sleeper } from './pods.js';
import { describeOnHarness } from './requirement.js';
import { kubectl, rolledOut, settle, STASIS } from './settings.js';
import { openWorld, PATIENCE, PODS, succeeded, until, value, type World } from './world.js';

const LONG = 600;
const NODE = 'node-2';
/** From the cause until the Checkpoint shows it; a second of the promise, and one for the test's own requests. */
const SOON_MS = 2000 * PATIENCE;
const DEADLINE_SECONDS = 8;
const HOLDS_AT_ONCE = 2;

describeOnHarness('a Checkpoint that cannot begin', () => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    world = await openWorld('waiting', NODE);
    await world.createPod('heart', [heart('beat')]);
    for (const name of ['second', 'free']) await world.createPod(name, [sleeper('main')]);
    for (const name of ['heart', 'second', 'free']) await world.running(name);
  });
  afterAll(async () => await world.close());
  afterEach(async () => {
    for (const { metadata } of await world.checkpoints()) {
      await world.removeCheckpoint(metadata.name);
      await world.expectGone(metadata.name);
    }
  });

  /** Creates a Checkpoint, and expects that it shows soon that it waits for that reason. */
  const expectWaits = async (name: string, reason: string, message: RegExp, spec: object = {}): Promise<void> => {
    const since = Date.now();
    await world.create(name, { podName: 'heart', startingDeadlineSeconds: LONG, ...spec });
    const checkpoint = await world.reached(name, reason);
    expect(Date.now() - since).toBeLessThan(SOON_MS);
    expect(succeeded(checkpoint)).toMatchObject({ status: 'Unknown' });
    expect(succeeded(checkpoint)?.message).toMatch(message);
  };
  /** The agents run nowhere, or with null on every node again. */
  const moveAgents = async (nowhere: string | null): Promise<void> => {
    const spec = { nodeSelector: { 'stasis.test/nowhere': nowhere } };
    const patch = JSON.stringify({ spec: { template: { spec } } });
    await kubectl(cluster, ['patch', 'daemonset/stasis-node-agent', '-n', STASIS, '--type=merge', '-p', patch]);
  };
  const apply = async (object: object): Promise<void> => {
    await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify(object));
  };

  test('behind another hold ends at its deadline with what it waited for, and never freezes the pod later', async () => {
    await world.hold('first', 'heart', LONG);
    await expectWaits('late', 'PodBusy', /heart/, { startingDeadlineSeconds: DEADLINE_SECONDS });
    const late = await expectRefused(world, 'late', 'StartingDeadlineExceeded', /heart/, 30);
    const took = Date.parse(late.status?.completionTime ?? '') - Date.parse(late.metadata.creationTimestamp);
    expect(took).toBeGreaterThanOrEqual((DEADLINE_SECONDS - 1) * 1000);
    expect(took).toBeLessThan((DEADLINE_SECONDS + 5) * 1000 * PATIENCE);
    await expectWaits('patient', 'PodBusy', /heart/);
    await world.release('first');
    expect(succeeded(await world.ended('first'))?.reason).toBe('Captured');
    expect(succeeded(await world.ended('patient'))?.reason).toBe('Captured');
    expect(succeeded(await world.getCheckpoint('late'))?.reason).toBe('StartingDeadlineExceeded');
  });

  test('before an agent was seen on the node ends at its deadline, and begins when one comes before', async () => {
    await moveAgents('true');
    try {
      const labelSelector = 'app.kubernetes.io/component=node-agent';
      await until(
        'the agents to be gone',
        async () => {
          const { items } = value(await world.api.list(PODS, { namespace: STASIS, labelSelector }));
          return items.length === 0 ? true : undefined;
        },
        undefined,
        120,
      );
      // Without its Lease, the node is as one on which the agent has not started yet. A Lease that expires is a sign that the
      // agent is gone.
      await kubectl(cluster, ['delete', 'lease', `stasis-node-${NODE}`, '-n', STASIS, '--ignore-not-found']);
      await expectWaits('too-late', 'NodeAgentUnavailable', new RegExp(NODE), { startingDeadlineSeconds: 4 });
      await expectRefused(world, 'too-late', 'NodeAgentUnavailable', new RegExp(NODE), 15);
      await expectWaits('in-time', 'NodeAgentUnavailable', new RegExp(NODE));
    } finally {
      await moveAgents(null);
      await rolledOut(cluster);
    }
    expect(succeeded(await world.ended('in-time'))?.reason).toBe('Captured');
    expect(succeeded(await world.getCheckpoint('too-late'))?.reason).toBe('NodeAgentUnavailable');
  }, 400_000);

  test('because of a ResourceQuota says so at once, goes on when the quota is lifted, and ends at its deadline', async () => {
    const metadata = { name: 'none', namespace: world.namespace };
    const hard = (count: string): object => ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata,
      spec: { hard: { 'count/podcaptures.stasis.dev': count } },
    });
    await apply(hard('0'));
    await until('the quota to be in force', async () => {
      const status = await kubectl(cluster, [
        'get',
        'resourcequota',
        'none',
        '-n',
        world.namespace,
        '-o',
        'jsonpath={.status.hard}',
      ]);
      return status.includes('podcaptures') ? true : undefined;
    });
    await expectWaits('over-quota', 'DispatchForbidden', /exceeded quota: none/);
    expect(await world.captures(await world.getCheckpoint('over-quota'))).toEqual([]);
    // Of another pod: it would wait behind the first one.
    await expectWaits('never', 'DispatchForbidden', /exceeded quota: none/, {
      podName: 'second',
      startingDeadlineSeconds: DEADLINE_SECONDS,
    });
    await expectRefused(world, 'never', 'DispatchForbidden', /exceeded quota: none/, 30);
    await apply(hard('10'));
    // Nothing tells the controller that the quota changed: it asks again, ever less often.
    const checkpoint = await world.ended('over-quota', 120);
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    expect(await world.captures(checkpoint)).toHaveLength(1);
    await kubectl(cluster, ['delete', 'resourcequota', 'none', '-n', world.namespace]);
  });

  test('because of an admission policy shows what the policy says', async () => {
    const name = `deny-${world.namespace}`;
    const policy = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': world.namespace } },
          resourceRules: [
            { apiGroups: ['stasis.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['podcaptures'] },
          ],
        },
        validations: [{ expression: 'false', message: 'captures are closed for the season' }],
      },
    };
    const binding = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    };
    await apply(policy);
    await apply(binding);
    try {
      // The API server learns of a new policy with a delay. Until then, captures begin.
      let tries = 0;
      await until('the policy to be in force', async () => {
        const probe = `probe-${tries++}`;
        await world.create(probe, { podName: 'second', dryRun: true, startingDeadlineSeconds: 2 });
        return succeeded(await world.reached(probe, 'DispatchForbidden', 'DryRunPassed'))?.reason ===
          'DispatchForbidden'
          ? true
          : undefined;
      });
      await expectWaits('denied', 'DispatchForbidden', /captures are closed for the season/, {
        startingDeadlineSeconds: DEADLINE_SECONDS,
      });
      await expectRefused(world, 'denied', 'DispatchForbidden', /captures are closed for the season/, 30);
    } finally {
      await kubectl(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', name]);
    }
  });

  test('because the node holds as many pods as it may names those of its own namespace, and counts the others', async () => {
    await settle(cluster, `nodeAgent.maxConcurrentHolds=${HOLDS_AT_ONCE}`);
    const other = await openWorld('foreign', NODE);
    try {
      await other.createPod('foreign', [sleeper('main')]);
      await other.running('foreign');
      await other.hold('secret', 'foreign', LONG);
      await world.hold('own', 'second', LONG);
      await world.create('full', { podName: 'heart', hold: { seconds: LONG } });
      const checkpoint = await world.reached('full', 'NodeBusy');
      const [own] = await world.captures(await world.getCheckpoint('own'));
      const message = succeeded(checkpoint)?.message ?? '';
      expect(message).toContain(own?.metadata.name);
      // The names of other tenants' objects are theirs.
      for (const name of ['secret', 'foreign', other.namespace]) expect(message).not.toContain(name);
      const [waiting] = await world.captures(checkpoint);
      expect(waiting?.status?.claimedBy).toBeUndefined();
      expect(succeeded(waiting)).toMatchObject({ status: 'Unknown', reason: 'NodeBusy' });
      // A capture without a hold does not wait for them.
      await world.create('short', { podName: 'free' });
      expect(succeeded(await world.ended('short'))?.reason).toBe('Captured');
      expect(succeeded(await world.getCheckpoint('full'))?.reason).toBe('NodeBusy');
      await world.release('own');
      await world.reached('full', 'Holding');
      await world.release('full');
      for (const name of ['own', 'full']) expect(succeeded(await world.ended(name))?.status).toBe('True');
    } finally {
      await other.release('secret');
      await other.close();
      await settle(cluster);
    }
  }, 600_000);
});
