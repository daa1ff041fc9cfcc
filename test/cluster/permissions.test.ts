/**
 * Tests the permissions of the agent and the controller on a real API server, with raw requests and tokens that the
 * server signed. Each refused request stands beside an allowed request that differs in a single point; otherwise a
 * refusal could have any other reason.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MERGE_PATCH, until, type Answer, type Asking } from './api-client.js';
import { grant, makeAgentPod } from './identities.js';
import { STASIS_NAMESPACE } from './installed.js';
import {
  AGENT,
  API,
  captureBody,
  CHECKPOINT,
  HARMLESS,
  LEASES,
  OTHER_NODE,
  PermissionsWorld,
  REFUSED_BY_RBAC,
  refusedBy,
} from './permissions-world.js';

// Many of these tests wait until the API server knows of a role.
jest.setTimeout(90_000);

/** The end of a hold, as the controller asks the agent for it. */
const RELEASE = { spec: { hold: { releaseReason: 'ReleaseRequested' } } };
const world = new PermissionsWorld();
beforeAll(async () => await world.open(), 120_000);
afterAll(async () => await world.close(), 60_000);

function appliedStatus(path: string): object {
  return {
    apiVersion: 'stasis.dev/v1alpha1',
    kind: 'PodCapture',
    metadata: { name: path.split('/').at(-2) },
    ...HARMLESS,
  };
}

function lease(name: string): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    spec: { holderIdentity: 'test', leaseDurationSeconds: 40 },
  };
}

describe('a node agent', () => {
  test('a node agent may write the status of captures of its own node, but not of another node', async () => {
    const own = await world.makeCapture(world.node.name);
    const other = await world.makeCapture(OTHER_NODE);
    expect(await world.merge(world.tokens.agent, `${own}/status`, HARMLESS)).toMatchObject({ code: 200 });
    const refused = await world.merge(world.tokens.agent, `${other}/status`, HARMLESS);
    expect(refused).toMatchObject(refusedBy('stasis-agent-own-node'));
    expect(refused.message).toContain(
      `the node agent of ${world.node.name} may not write a PodCapture of ${OTHER_NODE}`,
    );
    expect(await world.merge(world.tokens.otherAgent, `${other}/status`, HARMLESS)).toMatchObject({ code: 200 });
    expect(await world.merge(world.tokens.otherAgent, `${own}/status`, HARMLESS)).toMatchObject(
      refusedBy('stasis-agent-own-node'),
    );
  });

  test('a node agent may also write them by server-side apply', async () => {
    const own = `${await world.makeCapture(world.node.name)}/status`;
    const other = `${await world.makeCapture(OTHER_NODE)}/status`;
    expect(await world.apply(world.tokens.agent, own, appliedStatus(own))).toMatchObject({ code: 200 });
    expect(await world.apply(world.tokens.agent, other, appliedStatus(other))).toMatchObject(
      refusedBy('stasis-agent-own-node'),
    );
  });

  test.each(['unbound', 'boundToNode'] as const)(
    'a node agent needs a token of its pod: a token that is %s is refused',
    async (kind) => {
      const path = `${await world.makeCapture(world.node.name)}/status`;
      expect(await world.merge(world.tokens.agent, path, HARMLESS)).toMatchObject({ code: 200 });
      const refused = await world.merge(world.tokens[kind], path, HARMLESS);
      expect(refused).toMatchObject(refusedBy('stasis-agent-own-node'));
      expect(refused.message).toContain('must use a token that is bound to its pod');
    },
  );

  test('a node agent is recognised by the token that kubelet gave its pod', async () => {
    const read = 'cat /var/run/secrets/kubernetes.io/serviceaccount/token';
    const pod = await makeAgentPod(world.api, world.image, world.node.name, ['sh', '-c', read]);
    world.remember(pod.name);
    const log = `/api/v1/namespaces/${STASIS_NAMESPACE}/pods/${pod.name}/log`;
    const token = await until('the token of a pod', async () => {
      const { code, text } = await world.ask('GET', log);
      return code === 200 && text.split('.').length === 3 ? text.trim() : undefined;
    });
    const own = await world.makeCapture(world.node.name);
    const other = await world.makeCapture(OTHER_NODE);
    expect(await world.merge(token, `${own}/status`, HARMLESS)).toMatchObject({ code: 200 });
    expect(await world.merge(token, `${other}/status`, HARMLESS)).toMatchObject(refusedBy('stasis-agent-own-node'));
  });

  test('a node agent can change neither spec nor finalizers through the status', async () => {
    const path = await world.makeCapture(world.node.name, { finalizers: ['stasis.dev/release'] });
    const body = { ...HARMLESS, spec: { nodeName: OTHER_NODE, hold: { seconds: 1 } }, metadata: { finalizers: null } };
    expect(await world.merge(world.tokens.agent, `${path}/status`, body)).toMatchObject({ code: 200 });
    const { json } = await world.ask('GET', path);
    expect(json).toMatchObject({
      metadata: { finalizers: ['stasis.dev/release'] },
      spec: { nodeName: world.node.name, hold: { seconds: 60 } },
    });
    expect(await world.merge(world.tokens.controller, path, { metadata: { finalizers: null } })).toMatchObject({
      code: 200,
    });
  });

  test.each([
    ['create a PodCapture', 'POST', '', captureBody('x'), undefined],
    ['change the spec of a PodCapture', 'PATCH', '/own', RELEASE, MERGE_PATCH],
    ['take over a PodCapture from another node', 'PATCH', '/other', { spec: { nodeName: 'x' } }, MERGE_PATCH],
    ['delete one', 'DELETE', '/own', undefined, undefined],
    ['write a Checkpoint', 'POST', 'checkpoints', { ...CHECKPOINT, metadata: { name: 'x' } }, undefined],
  ])('a node agent has no permission to %s', async (_, method, target, body, contentType) => {
    const list = `${API}/namespaces/${world.mine}/${target === 'checkpoints' ? target : 'podcaptures'}`;
    const own = target === '/own' ? await world.makeCapture(world.node.name) : await world.makeCapture(OTHER_NODE);
    const asking = { ...(body === undefined ? {} : { body }), ...(contentType === undefined ? {} : { contentType }) };
    const path = target.startsWith('/') ? own : list;
    expect(await world.ask(method, path, { token: world.tokens.agent, ...asking })).toMatchObject(REFUSED_BY_RBAC);
  });

  test('a node agent with every permission on stasis.dev is still limited to the status by the policy', async () => {
    await grant(world.api, world.mine, 'too-much', AGENT, [
      { apiGroups: ['stasis.dev'], resources: ['*'], verbs: ['*'] },
    ]);
    const path = await world.makeCapture(world.node.name);
    const refused = await until('RBAC to allow it', async () => {
      const answer = await world.merge(world.tokens.agent, path, RELEASE);
      return /cannot patch resource/.test(answer.message) ? undefined : answer;
    });
    // Two policies refuse this request, and the server names the one that it evaluated first.
    const REFUSED = { code: 403, message: expect.stringMatching(/'stasis-(agent-own-node|podcapture-writers)'/) };
    expect(refused).toMatchObject(REFUSED);
    expect(await world.merge(world.tokens.controller, path, RELEASE)).toMatchObject({ code: 200 });
    const create = async (token: string): Promise<Answer> =>
      await world.ask('POST', `${API}/namespaces/${world.mine}/podcaptures`, {
        token,
        body: captureBody(world.node.name),
      });
    expect(await create(world.tokens.agent)).toMatchObject(REFUSED);
    expect(await create(world.tokens.controller)).toMatchObject({ code: 201 });
    const moved = await world.merge(world.tokens.agent, await world.makeCapture(OTHER_NODE), {
      spec: { nodeName: world.node.name },
    });
    // The kind's own rule, which binds everybody, already refuses this.
    expect(moved).toMatchObject({
      code: 422,
      message: expect.stringContaining('nodeName, podName and podUID cannot be changed'),
    });
    const deleted = await world.ask('DELETE', path, { token: world.tokens.agent });
    expect(deleted).toMatchObject(refusedBy('stasis-agent-own-node'));
    expect(deleted.message).toContain('may write the status of a PodCapture, and nothing else');
    expect(await world.ask('DELETE', path, { token: world.tokens.controller })).toMatchObject({ code: 200 });
    await world.ask('DELETE', `/apis/rbac.authorization.k8s.io/v1/namespaces/${world.mine}/rolebindings/too-much`);
  });

  test('a node agent may read captures, but neither pods, nodes, secrets nor Checkpoints', async () => {
    expect(await world.ask('GET', `${API}/podcaptures`, { token: world.tokens.agent })).toMatchObject({ code: 200 });
    for (const path of ['/api/v1/pods', '/api/v1/nodes', '/api/v1/secrets', `${API}/checkpoints`]) {
      expect(await world.ask('GET', path)).toMatchObject({ code: 200 });
      expect(await world.ask('GET', path, { token: world.tokens.agent })).toMatchObject(REFUSED_BY_RBAC);
    }
  });

  test("a node agent may renew its own Lease, but neither the leader's nor that of another node", async () => {
    const own = `stasis-node-${world.node.name}`;
    expect((await world.apply(world.tokens.agent, `${LEASES}/${own}`, lease(own))).code).toBeLessThan(300);
    for (const name of ['stasis-controller', `stasis-node-${OTHER_NODE}`, `${own}-2`]) {
      const refused = await world.apply(world.tokens.agent, `${LEASES}/${name}`, lease(name));
      expect(refused).toMatchObject(refusedBy('stasis-agent-own-lease'));
      expect(refused.message).toContain(`may write the lease ${own}, and no other`);
      const posted = await world.ask('POST', LEASES, { token: world.tokens.agent, body: lease(name) });
      expect(posted).toMatchObject(refusedBy('stasis-agent-own-lease'));
    }
    const generated = { ...lease(''), metadata: { generateName: own } };
    expect(await world.ask('POST', LEASES, { token: world.tokens.agent, body: generated })).toMatchObject({
      code: 403,
    });
    const refused = await world.apply(world.tokens.unbound, `${LEASES}/${own}`, lease(own));
    expect(refused).toMatchObject(refusedBy('stasis-agent-own-lease'));
    const elsewhere = LEASES.replace(STASIS_NAMESPACE, 'kube-node-lease');
    expect(await world.apply(world.tokens.agent, `${elsewhere}/${own}`, lease(own))).toMatchObject(REFUSED_BY_RBAC);
  });
});

test('the uninstall Job may end holds, but neither create a PodCapture nor write a status', async () => {
  // Its account exists only while `helm uninstall` runs, so it is impersonated, with every permission of RBAC.
  const account = `system:serviceaccount:${STASIS_NAMESPACE}:stasis-uninstall`;
  const headers = { 'Impersonate-User': account, 'Impersonate-Group': 'system:masters' };
  const path = await world.makeCapture(OTHER_NODE, { finalizers: ['stasis.dev/release'] });
  const as = { headers, contentType: MERGE_PATCH };
  const body = { ...RELEASE, metadata: { finalizers: null } };
  expect(await world.ask('PATCH', path, { ...as, body })).toMatchObject({ code: 200 });
  const status = await world.ask('PATCH', `${path}/status`, { ...as, body: HARMLESS });
  expect(status).toMatchObject(refusedBy('stasis-podcapture-writers'));
  const list = `${API}/namespaces/${world.mine}/podcaptures`;
  const made = await world.ask('POST', list, { headers, body: captureBody(OTHER_NODE) });
  expect(made).toMatchObject(refusedBy('stasis-podcapture-writers'));
});

describe('RBAC', () => {
  interface Given {
    readonly verbs: string[];
    readonly apiGroups: string[];
    readonly resources: string[];
    readonly resourceNames?: string[];
  }

  /** Returns 'verb group/resource[names]' for everything that somebody may do in a namespace. */
  async function allRules(who: Pick<Asking, 'token' | 'headers'>, namespace: string): Promise<string[]> {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
    const { json } = await world.api.must('POST', path, { ...who, body: { spec: { namespace } } });
    const given = (json['status'] as { resourceRules: Given[] }).resourceRules;
    return given
      .flatMap(({ verbs, apiGroups, resources, resourceNames }) =>
        resources.map(
          (resource) =>
            `${[...verbs].sort().join(',')} ${apiGroups.join(',')}/${resource}${resourceNames === undefined ? '' : `[${resourceNames.join(',')}]`}`,
        ),
      )
      .sort();
  }

  /** Returns what the token's account may do in a namespace, except what every account may do. */
  async function rules(token: string, namespace: string): Promise<string[]> {
    const nobody = { 'impersonate-user': `system:serviceaccount:${namespace}:nobody` };
    const everybodys = await allRules({ headers: nobody }, namespace);
    return (await allRules({ token }, namespace)).filter((rule) => !everybodys.includes(rule));
  }

  test('RBAC grants a node agent exactly these permissions', async () => {
    const everywhere = ['get,list,watch stasis.dev/podcaptures', 'patch stasis.dev/podcaptures/status'];
    expect(await rules(world.tokens.agent, 'kube-system')).toEqual(everywhere);
    expect(await rules(world.tokens.agent, STASIS_NAMESPACE)).toEqual([
      'create,patch coordination.k8s.io/leases',
      ...everywhere,
    ]);
  });

  test('RBAC grants the controller exactly these permissions', async () => {
    const everywhere = [
      'create events.k8s.io/events',
      'create,delete,get,list,patch,watch stasis.dev/podcaptures',
      'delete,get,list,patch,watch stasis.dev/checkpoints',
      'get node.k8s.io/runtimeclasses',
      'get,list,watch /nodes',
      'get,list,watch /pods',
      'patch stasis.dev/checkpoints/status',
      'patch stasis.dev/podcaptures/status',
      'update stasis.dev/checkpoints/finalizers',
    ];
    expect(await rules(world.tokens.controller, 'kube-system')).toEqual(everywhere);
    expect(await rules(world.tokens.controller, STASIS_NAMESPACE)).toEqual(
      [
        ...everywhere,
        'create coordination.k8s.io/leases',
        'get,list,watch apps/daemonsets[stasis-node-agent]',
        'delete,get,list,watch coordination.k8s.io/leases',
        'update coordination.k8s.io/leases[stasis-controller]',
      ].sort(),
    );
  });
});
