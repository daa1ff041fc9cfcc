/**
 * Tests on a real API server, with raw requests, how far the policies about namespaces reach: Leases of agents, namespaces
 * that are never captured, and the end of Stasis's own namespace. Each refused request stands beside an allowed one.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { APPLY_PATCH, MERGE_PATCH, until, type Answer } from './api-client.js';
import { grant } from './identities.js';
import { STASIS_NAMESPACE } from './installed.js';
import { AGENT, API, CHECKPOINT, LEASES, PermissionsWorld, refusedBy } from './permissions-world.js';

// Many of these tests wait until the API server knows of a role.
jest.setTimeout(90_000);

const world = new PermissionsWorld();
beforeAll(async () => await world.open(), 120_000);
afterAll(async () => await world.close(), 60_000);

function lease(name: string): object {
  const spec = { holderIdentity: 'test', leaseDurationSeconds: 40 };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec };
}

async function create(namespace: string): Promise<Answer> {
  return await world.ask('POST', `${API}/namespaces/${namespace}/checkpoints?dryRun=All`, {
    body: { ...CHECKPOINT, metadata: { generateName: 'x-' }, spec: { podName: 'web' } },
  });
}

async function remove(path: string): Promise<Answer> {
  return await world.ask('DELETE', `${path}?dryRun=All`);
}

describe("the policy of agents' Leases", () => {
  const RULE = {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'create', 'patch', 'delete'],
  };

  test('reaches no other namespace, where RBAC alone decides', async () => {
    await grant(world.api, world.mine, 'leases', AGENT, [RULE]);
    const path = LEASES.replace(STASIS_NAMESPACE, world.mine);
    const answer = await until('RBAC to know the role', async () => {
      const tried = await world.apply(world.tokens.agent, `${path}/anything`, lease('anything'));
      return /cannot \w+ resource/.test(tried.message) ? undefined : tried;
    });
    expect(answer.code).toBeLessThan(300);
    expect(await world.ask('DELETE', `${path}/anything`, { token: world.tokens.agent })).toMatchObject({ code: 200 });
    const here = await world.apply(world.tokens.agent, `${LEASES}/anything`, lease('anything'));
    expect(here).toMatchObject(refusedBy('stasis-agent-own-lease'));
  });

  test('reaches nobody but agents: the heartbeats of kubelets and every leader election pass', async () => {
    const asking = { body: lease('anything'), contentType: APPLY_PATCH };
    for (const [user, namespace] of [
      ['system:node:node-1', 'kube-node-lease'],
      [`system:serviceaccount:${STASIS_NAMESPACE}:stasis-controller`, STASIS_NAMESPACE],
      ['system:kube-scheduler', 'kube-system'],
    ] as const) {
      const path = `${LEASES.replace(STASIS_NAMESPACE, namespace)}/anything?fieldManager=test&force=true&dryRun=All`;
      // The group of administrators is added, because RBAC is not under test here.
      const headers = { 'Impersonate-User': user, 'Impersonate-Group': 'system:masters' };
      expect((await world.ask('PATCH', path, { ...asking, headers })).code).toBeLessThan(300);
    }
  });
});

describe('the policy of namespaces that are never captured', () => {
  test('refuses even an administrator, names the namespace, and reaches no other one', async () => {
    const refused = await create('kube-system');
    expect(refused).toMatchObject(refusedBy('stasis-excluded-namespaces'));
    expect(refused.message).toContain('pods of namespace kube-system are never captured');
    for (const namespace of [world.mine, 'default', 'kube-public'])
      expect(await create(namespace)).toMatchObject({ code: 201 });
  });
});

describe("the policy of Stasis's own namespace", () => {
  const path = `/api/v1/namespaces/${STASIS_NAMESPACE}`;
  const annotate = async (value: string | null): Promise<void> => {
    const body = { metadata: { annotations: { 'stasis.dev/allow-deletion': value } } };
    await world.api.must('PATCH', path, { body, contentType: MERGE_PATCH });
  };

  test('refuses its deletion with the command that removes Stasis, unless an annotation allows it', async () => {
    const refused = await remove(path);
    expect(refused).toMatchObject(refusedBy('stasis-own-namespace'));
    expect(refused.message).toContain(`helm uninstall stasis --namespace ${STASIS_NAMESPACE}`);
    expect(await remove(`/api/v1/namespaces/${world.theirs}`)).toMatchObject({ code: 200 });
    await annotate('true');
    try {
      expect(await remove(path)).toMatchObject({ code: 200 });
    } finally {
      await annotate(null);
    }
    expect(await remove(path)).toMatchObject(refusedBy('stasis-own-namespace'));
  });
});
