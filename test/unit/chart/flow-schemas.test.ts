/** Compares the chart's flow schemas, as Helm renders them, with the requests that controller and agents really make. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { CHECKPOINTS, PODCAPTURES } from '../../../src/api/kinds.js';
import { startHeartbeat } from '../../../src/kube/heartbeat.js';
import { kubeClient } from '../../../src/kube/kube-client.js';
import { LeaderElector } from '../../../src/kube/leader-election.js';
import { failure, success } from '../../../src/kube/result.js';
import type { Request, Transport } from '../../../src/kube/transport.js';
import { act, type Hands } from '../../../src/controller/act.js';
import { createCaches } from '../../../src/controller/caches.js';
import type { Action } from '../../../src/controller/decision.js';
import { capture, checkpoint, endedAs } from '../controller/builders.js';
import { silentLogger } from '../../fake/silent-logger.js';
import { ManualClock } from '../kube/fixtures.js';

interface FlowSchema {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly rules: readonly { readonly resourceRules: readonly [ResourceRule] }[] };
}

interface ResourceRule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const GOLDEN = 'test/golden/chart/default.yaml';
const schemas = parseAllDocuments(readFileSync(GOLDEN, 'utf8')).map((document) => document.toJS() as FlowSchema);

function ruleOf(name: string): ResourceRule {
  const found = schemas.find(({ kind, metadata }) => kind === 'FlowSchema' && metadata.name === name);
  const rule = found?.spec.rules[0]?.resourceRules[0];
  if (rule === undefined) throw new Error(`no FlowSchema ${name}`);
  return rule;
}

/** The verb as the API server names it. A GET of a collection would be a list or a watch; no request here is one. */
const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** An API server that notes the verb and the resource of each request, and keeps one object or none. */
function recorder(keeps: 'one' | 'none'): { readonly api: ReturnType<typeof kubeClient>; readonly seen: Set<string> } {
  const seen = new Set<string>();
  let stored: string | undefined;
  const send = (request: Request) => {
    const [, kind = '', , subresource] =
      /\/namespaces\/[^/]+\/([a-z]+)(?:\/([^/?]+))?(?:\/([a-z]+))?/.exec(request.path) ?? [];
    seen.add(`${VERBS[request.method]} ${subresource === undefined ? kind : `${kind}/${subresource}`}`);
    if (request.body !== undefined && keeps === 'one') stored = request.body;
    if (stored !== undefined) return Promise.resolve(success({ code: 200, text: stored }));
    const { method, path } = request;
    return Promise.resolve(failure({ method, path, code: 404, reason: 'NotFound', message: '' }));
  };
  return { api: kubeClient({ send } as unknown as Transport), seen };
}

/** The requests that a rule covers, as `VERB RESOURCE`. */
function covered({ resources, verbs }: ResourceRule): readonly string[] {
  return resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`));
}

describe('the flow schemas', () => {
  test('cover every request of heartbeat, election and its release', async () => {
    const { api, seen } = recorder('one');
    const clock = new ManualClock();
    const common = { api, namespace: 's', identity: 'x', clock, random: () => 0.5, log: silentLogger() };
    const stop = new AbortController();
    const beating = startHeartbeat({ ...common, name: 'stasis-node-a', signal: stop.signal });
    await clock.advance(1000);
    expect([...seen]).toEqual(['patch leases']);
    stop.abort();
    await beating.done;
    const standing = recorder('one');
    const given = new AbortController();
    const elector = new LeaderElector({
      ...common,
      api: standing.api,
      name: 'stasis-controller',
      onStartedLeading: () => undefined,
      onStoppedLeading: () => undefined,
    });
    const ended = elector.run(given.signal);
    await clock.advance(30_000);
    expect(elector.leader()).toBe('x');
    given.abort();
    expect(await ended).toBe('stopped');
    expect([...standing.seen].sort()).toEqual(['create leases', 'get leases', 'update leases']);
    expect(covered(ruleOf('stasis-leases'))).toEqual(expect.arrayContaining([...seen, ...standing.seen]));
    // The controller sees the heartbeats by a reflector.
    expect(ruleOf('stasis-leases').verbs).toEqual(expect.arrayContaining(['list', 'watch']));
  });

  test('cover every write of the controller', async () => {
    const { api, seen } = recorder('none');
    const hands: Hands = {
      api,
      caches: createCaches(),
      events: { record: () => undefined },
      memory: { note: () => undefined, forget: () => undefined },
      monotonic: () => 0,
      onEnd: () => undefined,
    };
    const steps: readonly Action[] = [
      { kind: 'add-checkpoint-finalizer' },
      { kind: 'create-capture', name: 'x', spec: capture().spec },
      { kind: 'write-status', status: {} },
      { kind: 'release-hold', releaseReason: 'NodeDrained' },
      { kind: 'end-capture', status: endedAs('Captured') },
      { kind: 'remove-capture-finalizer' },
      { kind: 'remove-checkpoint-finalizer' },
      { kind: 'delete-capture' },
      { kind: 'delete-checkpoint' },
    ];
    for (const step of steps)
      await act(hands, { checkpoint: checkpoint(), capture: capture() }, [step], new AbortController().signal);
    expect([...seen].sort()).toEqual([
      `create ${PODCAPTURES.plural}`,
      `delete ${CHECKPOINTS.plural}`,
      `delete ${PODCAPTURES.plural}`,
      `patch ${CHECKPOINTS.plural}`,
      `patch ${CHECKPOINTS.plural}/status`,
      `patch ${PODCAPTURES.plural}`,
      `patch ${PODCAPTURES.plural}/status`,
    ]);
    expect(covered(ruleOf('stasis-writes'))).toEqual(expect.arrayContaining([...seen]));
  });
});
