/**
 * Tests the permissions of users and of the cluster itself on a real API server, with raw requests and tokens that the
 * server signed. Each refused request stands beside an allowed request that differs in a single point; otherwise a
 * refusal could have any other reason.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { APPLY_PATCH, until } from './api-client.js';
import { bind, grant, makeUser } from './identities.js';
import {
  API,
  captureBody,
  CHECKPOINT,
  HARMLESS,
  OTHER_NODE,
  PermissionsWorld,
  REFUSED_BY_RBAC,
  refusedBy,
} from './permissions-world.js';

// Many of these tests wait until the API server knows of a role.
jest.setTimeout(90_000);

const world = new PermissionsWorld();
beforeAll(async () => await world.open(), 120_000);
afterAll(async () => await world.close(), 60_000);

const CHECKPOINTS = { apiGroups: ['stasis.dev'], resources: ['checkpoints'], verbs: ['create', 'patch', 'get'] };
const EXEC = { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] };

function applied(podName: string): object {
  return { ...CHECKPOINT, metadata: { name: 'applied' }, spec: { podName } };
}

describe('a user', () => {
  test('a user may create a Checkpoint of a pod that they may exec into, but not of another pod', async () => {
    const { api } = world;
    const without = await makeUser(api, world.mine, 'without-exec', [CHECKPOINTS]);
    const named = await makeUser(api, world.mine, 'exec-in-web', [CHECKPOINTS, { ...EXEC, resourceNames: ['web'] }]);
    await until('RBAC to know the users', async () =>
      (await world.tryCheckpoint(named, 'web')).code === 201 ? true : undefined,
    );
    const refused = await world.tryCheckpoint(without, 'web');
    expect(refused).toMatchObject(refusedBy('stasis-checkpoint-needs-exec'));
    expect(refused.message).toContain(
      `to hold pod web, system:serviceaccount:${world.mine}:without-exec needs the verb create on pods/exec of that pod in namespace ${world.mine}`,
    );
    expect(await world.tryCheckpoint(named, 'db')).toMatchObject(refusedBy('stasis-checkpoint-needs-exec'));
    await grant(api, world.mine, 'exec-everywhere', { namespace: world.mine, name: 'without-exec' }, [EXEC]);
    await until('RBAC to know the role', async () =>
      (await world.tryCheckpoint(without, 'web')).code === 201 ? true : undefined,
    );
  });

  test('a user needs that permission for server-side apply too, and when the pod does not exist', async () => {
    const named = await makeUser(world.api, world.mine, 'applier', [CHECKPOINTS, { ...EXEC, resourceNames: ['web'] }]);
    const path = (name: string): string => `${API}/namespaces/${world.mine}/checkpoints/${name}`;
    const good = { token: named, body: applied('web'), contentType: APPLY_PATCH };
    await until('RBAC to know the role', async () =>
      (await world.ask('PATCH', `${path('applied')}?fieldManager=t&dryRun=All`, good)).code < 300 ? true : undefined,
    );
    const bad = { token: named, body: applied('absent'), contentType: APPLY_PATCH };
    const refused = await world.ask('PATCH', `${path('applied')}?fieldManager=t&dryRun=All`, bad);
    expect(refused).toMatchObject(refusedBy('stasis-checkpoint-needs-exec'));
  });

  test('a user of one namespace cannot reach the pods of another namespace', async () => {
    const { api } = world;
    const local = await makeUser(api, world.mine, 'local', [CHECKPOINTS, EXEC]);
    await until('RBAC to know the role', async () =>
      (await world.tryCheckpoint(local, 'web')).code === 201 ? true : undefined,
    );
    expect(await world.tryCheckpoint(local, 'web', world.theirs)).toMatchObject(REFUSED_BY_RBAC);
    // Even when the user may create Checkpoints in the other namespace, the permission for the pod is checked in the
    // pod's namespace.
    await grant(api, world.theirs, 'guest', { namespace: world.mine, name: 'local' }, [CHECKPOINTS]);
    const refused = await until('RBAC to know the role', async () => {
      const answer = await world.tryCheckpoint(local, 'web', world.theirs);
      return /cannot create resource "checkpoints"/.test(answer.message) ? undefined : answer;
    });
    expect(refused).toMatchObject(refusedBy('stasis-checkpoint-needs-exec'));
    // A pod of another namespace cannot be named, because podName accepts no slash.
    expect(await world.tryCheckpoint(local, `${world.theirs}/web`)).toMatchObject({ code: 422 });
  });

  test('a user with every permission on stasis.dev can neither create a PodCapture nor write its spec or status', async () => {
    const { api } = world;
    const rules = [{ apiGroups: ['stasis.dev'], resources: ['*'], verbs: ['*'] }];
    const owner = await makeUser(api, world.mine, 'owner', rules);
    const list = `${API}/namespaces/${world.mine}/podcaptures`;
    await until('RBAC to know the role', async () =>
      (await world.ask('GET', list, { token: owner })).code === 200 ? true : undefined,
    );
    const body = captureBody(OTHER_NODE);
    const refused = await world.ask('POST', list, { token: owner, body });
    expect(refused).toMatchObject(refusedBy('stasis-podcapture-writers'));
    expect(refused.message).toContain('create a Checkpoint instead');
    expect(await world.ask('POST', list, { token: world.tokens.controller, body })).toMatchObject({ code: 201 });
    const named = { ...body, metadata: { name: 'by-apply' } };
    expect(await world.apply(owner, `${list}/by-apply`, named)).toMatchObject(refusedBy('stasis-podcapture-writers'));

    const path = await world.makeCapture(OTHER_NODE);
    const spec = await world.merge(owner, path, { spec: { hold: { releaseReason: 'ReleaseRequested' } } });
    expect(spec).toMatchObject(refusedBy('stasis-podcapture-writers'));
    expect(spec.message).toContain('hold.release');
    const status = await world.merge(owner, `${path}/status`, HARMLESS);
    expect(status).toMatchObject(refusedBy('stasis-podcapture-writers'));
    // A user who could wipe the status of a Checkpoint could have its pod held again.
    const checkpoints = `${API}/namespaces/${world.mine}/checkpoints`;
    const asked = { ...CHECKPOINT, metadata: { generateName: 'status-' }, spec: { podName: 'web' } };
    const { metadata } = (await api.must('POST', checkpoints, { body: asked })).json as { metadata: { name: string } };
    const ofCheckpoint = `${checkpoints}/${metadata.name}/status`;
    const seen = { status: { observedGeneration: 1 } };
    expect(await world.merge(owner, ofCheckpoint, seen)).toMatchObject(refusedBy('stasis-podcapture-writers'));
    expect(await world.merge(world.tokens.controller, ofCheckpoint, seen)).toMatchObject({ code: 200 });
    // The garbage collector changes only metadata, and cancelling is a deletion. Both are left to RBAC alone.
    expect(await world.merge(owner, path, { metadata: { labels: { a: 'b' } } })).toMatchObject({ code: 200 });
    expect(await world.ask('DELETE', path, { token: owner })).toMatchObject({ code: 200 });
  });

  test('a user with the roles view and edit may read or write Checkpoints, but not write PodCaptures', async () => {
    const { api } = world;
    const viewer = await makeUser(api, world.mine, 'viewer', []);
    const editor = await makeUser(api, world.mine, 'editor', []);
    await bind(
      api,
      world.mine,
      'view-it',
      { namespace: world.mine, name: 'viewer' },
      { kind: 'ClusterRole', name: 'view' },
    );
    await bind(
      api,
      world.mine,
      'edit-it',
      { namespace: world.mine, name: 'editor' },
      { kind: 'ClusterRole', name: 'edit' },
    );
    const captures = `${API}/namespaces/${world.mine}/podcaptures`;
    const checkpoints = `${API}/namespaces/${world.mine}/checkpoints`;
    await until('the roles to be aggregated', async () => {
      const answers = [await world.ask('GET', captures, { token: viewer }), await world.tryCheckpoint(editor, 'web')];
      return answers.every(({ code }) => code < 300) ? true : undefined;
    });
    expect(await world.ask('GET', checkpoints, { token: viewer })).toMatchObject({ code: 200 });
    expect(await world.tryCheckpoint(viewer, 'web')).toMatchObject(REFUSED_BY_RBAC);
    expect(await world.ask('GET', captures, { token: editor })).toMatchObject({ code: 200 });
    const body = captureBody(OTHER_NODE);
    expect(await world.ask('POST', captures, { token: editor, body })).toMatchObject(REFUSED_BY_RBAC);
    const status = await world.merge(editor, `${checkpoints}/any/status`, { status: {} });
    expect(status).toMatchObject(REFUSED_BY_RBAC);
  });
});

describe('the cluster itself', () => {
  test('the garbage collector may remove the owner of a PodCapture, and a namespace can be deleted with its contents', async () => {
    const { api } = world;
    const made = await api.must('POST', '/api/v1/namespaces', { body: { metadata: { generateName: 'orphans-' } } });
    const { name: namespace } = made.json['metadata'] as { name: string };
    const checkpoint = await api.must('POST', `${API}/namespaces/${namespace}/checkpoints`, {
      // dryRun in the spec makes sure that a controller, should one run here, touches nothing.
      body: { ...CHECKPOINT, metadata: { name: 'owner' }, spec: { podName: 'absent', dryRun: true } },
    });
    const { uid } = checkpoint.json['metadata'] as { uid: string };
    const ownerReferences = [
      {
        apiVersion: 'stasis.dev/v1alpha1',
        kind: 'Checkpoint',
        name: 'owner',
        uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ];
    const list = `${API}/namespaces/${namespace}/podcaptures`;
    const owned = { ...captureBody(OTHER_NODE), metadata: { name: 'owned', ownerReferences } };
    await api.must('POST', list, { token: world.tokens.controller, body: owned });
    // The garbage collector knows a child object only once its watch has delivered it.
    await api.must('DELETE', `${API}/namespaces/${namespace}/checkpoints/owner?propagationPolicy=Orphan`);
    await until('the Checkpoint to be gone', async () =>
      (await world.ask('GET', `${API}/namespaces/${namespace}/checkpoints/owner`)).code === 404 ? true : undefined,
    );
    await api.must('DELETE', `/api/v1/namespaces/${namespace}`);
    const gone = await until('the namespace to be gone', async () => {
      const { code } = await world.ask('GET', `/api/v1/namespaces/${namespace}`);
      return code === 404 ? code : undefined;
    });
    expect(gone).toBe(404);
  });
});
