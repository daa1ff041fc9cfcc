/**
 * Runs the controller's decisions against a model of the API server, one step at a time. A test chooses which watch
 * events have arrived, which key is visited, what the agent, users and nodes do, and which request fails.
 */
import {
  CHECKPOINTS,
  NODE_AGENT_MANAGER,
  RELEASE_FINALIZER,
  type Checkpoint,
  type PodCapture,
} from '../../../src/api/kinds.js';
import { CheckpointMemory } from '../../../src/controller/checkpoint-memory.js';
import type { Caches } from '../../../src/controller/caches.js';
import { hasEnded } from '../../../src/api/conditions.js';
import type { AgentState } from '../../../src/controller/observation.js';
import { KeyedLock } from '../../../src/controller/pod-lock.js';
import { reconcile, type Reconciler } from '../../../src/controller/reconcile.js';
import {
  CHECKPOINT_RESOURCE,
  NODES,
  PODCAPTURE_RESOURCE,
  PODS,
  type KubeNode,
  type Pod,
} from '../../../src/controller/resources.js';
import type { EventDraft } from '../../../src/kube/event-object.js';
import { failure, type KubeError, type KubeResult } from '../../../src/kube/result.js';
import { keyOf } from '../../../src/kube/types.js';
import { KubeModel, type ModelCall } from '../../fake/kube-model.js';
import { checkpointSpec, condition, endedAs, NOW, pod, SETTINGS } from './builders.js';
import { SimulatedWatches } from './simulated-watches.js';
import { silentLogger } from '../../fake/silent-logger.js';

/**
 * The fate of a request: it succeeds, is not sent, is sent without an answer, or the controller dies before or after
 * it.
 */
export type Fault = 'none' | 'unsent' | 'unanswered' | 'dies before' | 'dies after';

export type Denial = Pick<KubeError, 'code' | 'reason' | 'message'>;

class Died extends Error {}
/** One controller process, from its start to its death. */
interface Incarnation {
  readonly watches: SimulatedWatches;
  readonly queue: Set<string>;
  readonly later: Set<string>;
  readonly reconciler: Reconciler;
}

export class Simulation {
  now = NOW;
  readonly model = new KubeModel(() => this.now);
  readonly agents = new Map<string, AgentState>();
  readonly told: EventDraft[] = [];
  readonly calls: ModelCall[] = [];
  /** Faults for the next requests, one per request, taken from the front. When empty, requests succeed. */
  faults: Fault[] = [];
  /** The answer to every creation of a PodCapture, and to each request of the controller; undefined: the model decides. */
  denial: Denial | undefined;
  denies = ({ verb }: ModelCall): Denial | undefined => (verb === 'create' ? this.denial : undefined);
  /** A PodCapture is created only after this has resolved. */
  gate: Promise<void> = Promise.resolve();
  #controller: Incarnation;
  /** A controller that was replaced without noticing: it slept past the end of its Lease. */
  #former: Incarnation | undefined;

  constructor() {
    this.#controller = this.#start();
  }

  get keys(): string[] {
    return [...this.#controller.queue];
  }

  get caches(): Caches {
    return this.#controller.watches.caches;
  }

  addPod(name: string, nodeName = 'node-1'): void {
    this.model.put(PODS, pod({ metadata: { name, uid: `pod-${name}-${this.model.revision}` }, spec: { nodeName } }));
    if (!this.agents.has(nodeName)) this.agents.set(nodeName, 'Alive');
  }

  async ask(name: string, podName: string, spec: Partial<Checkpoint['spec']> = {}): Promise<void> {
    const full = { ...checkpointSpec(podName), ...spec };
    await this.model.api().create(CHECKPOINTS, { metadata: { name, namespace: 'shop' }, spec: full });
  }

  checkpoint(name: string): Checkpoint | undefined {
    return this.model.find(CHECKPOINT_RESOURCE, 'shop', name);
  }

  reason(name: string): string | undefined {
    return this.checkpoint(name)?.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
  }

  /** Lets each watch deliver so many events; all of them by default. */
  sync(events = Infinity): void {
    this.#controller.watches.sync(events);
  }

  /** The watches broke, and new lists take the place of the events that have not arrived. */
  relist(): void {
    this.#controller.watches.list();
  }

  /** Visits one key of the queue, or several at once. The requests of the visits meet the next faults. */
  async visit(...keys: readonly string[]): Promise<void> {
    await this.#visit(this.#controller, keys);
  }

  /** A former leader wakes up, and makes one visit with its outdated caches before it notices. */
  async visitAsFormer(which: number): Promise<void> {
    const former = this.#former;
    const keys = [...(former?.queue ?? [])];
    const key = keys[which % Math.max(1, keys.length)];
    if (former !== undefined && key !== undefined) await this.#visit(former, [key]);
  }

  async #visit(controller: Incarnation, keys: readonly string[]): Promise<void> {
    for (const key of keys) controller.queue.delete(key);
    await Promise.all(
      keys.map(async (key) => {
        try {
          const outcome = await reconcile(controller.reconciler, key, new AbortController().signal);
          if (outcome === 'retry') controller.queue.add(key);
          else if (outcome !== undefined && 'once' in outcome)
            void outcome.once.finally(() => controller.queue.add(key));
          else if (outcome !== undefined) controller.later.add(key);
        } catch (error) {
          if (!(error instanceof Died)) throw error;
          if (this.#controller === controller) this.die();
        }
      }),
    );
  }

  /** The process ends, and another one starts with what the server knows. */
  die(): void {
    this.#former = this.#controller;
    this.#controller = this.#start();
  }

  /** Lets time pass, and visits the keys that were to be looked at again later. */
  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (const key of this.#controller.later) this.#controller.queue.add(key);
    this.#controller.later.clear();
  }

  setAgent(nodeName: string, state: AgentState): void {
    this.agents.set(nodeName, state);
    this.#controller.watches.wakeRunning();
  }

  /** The agent of a live node takes the next step of a capture: it claims, holds, or ends it. */
  async agentStep(capture: PodCapture, patience = 1): Promise<void> {
    if (this.agents.get(capture.spec.nodeName) !== 'Alive' || hasEnded(capture.status)) return;
    const { name, namespace = '', resourceVersion, deletionTimestamp, ownerReferences } = capture.metadata;
    const isCancelled = deletionTimestamp !== undefined || (ownerReferences ?? []).length === 0;
    const isClaimed = capture.status?.claimedBy !== undefined;
    const progress = capture.status?.conditions?.[0]?.reason;
    const status = (() => {
      if (!isClaimed && !isCancelled)
        return { claimedBy: 'agent-1', conditions: [condition('Succeeded', 'Unknown', 'Capturing')] };
      if (progress === 'Holding') {
        const goesOn =
          !isCancelled &&
          capture.spec.hold !== undefined &&
          capture.spec.hold.releaseReason === undefined &&
          patience > 0;
        return goesOn ? undefined : endedAs('Captured');
      }
      if (isCancelled) return endedAs('Cancelled', 'False');
      if (capture.spec.hold !== undefined)
        return { claimedBy: 'agent-1', conditions: [condition('Succeeded', 'Unknown', 'Holding')] };
      return endedAs(capture.spec.dryRun ? 'DryRunPassed' : 'Captured');
    })();
    if (status === undefined) return;
    await this.model
      .api()
      .apply(
        PODCAPTURE_RESOURCE,
        { metadata: { name, namespace, resourceVersion }, status },
        { fieldManager: NODE_AGENT_MANAGER, force: true, subresource: 'status' },
      );
  }

  /** Visits the keys in the queue until it is empty. */
  async rest(): Promise<void> {
    for (let round = 0; this.keys.length > 0; round += 1) {
      if (round > 200) throw new Error(`the queue never gets empty: ${this.keys.join(' ')}`);
      await this.visit(...this.keys);
      this.sync();
    }
  }

  /** Repeats every pending step without further faults until nothing is left to do. */
  async settle(): Promise<void> {
    this.faults = [];
    for (let round = 0; round < 100; round += 1) {
      const before = this.model.revision;
      this.sync();
      await this.rest();
      for (const capture of this.model.all(PODCAPTURE_RESOURCE)) await this.agentStep(capture, 0);
      this.model.collectGarbage();
      this.sync();
      this.pass(60_000);
      for (const [nodeName, state] of this.agents) {
        if (state === 'Away') this.setAgent(nodeName, 'Lost');
        if (state === 'Unknown') this.setAgent(nodeName, 'Alive');
      }
      if (this.model.revision === before && round > 11) return; // Each round is a minute, and the deadline ten
    }
    throw new Error('the simulation does not settle');
  }

  /** Visits every key once more with a new controller. */
  async again(): Promise<void> {
    this.die();
    await this.rest();
  }

  withFinalizer(): string[] {
    const all = [...this.model.all(CHECKPOINT_RESOURCE), ...this.model.all(PODCAPTURE_RESOURCE)];
    return all.filter(({ metadata }) => metadata.finalizers?.includes(RELEASE_FINALIZER) === true).map(keyOf);
  }

  #start(): Incarnation {
    const queue = new Set<string>();
    const watches = new SimulatedWatches(this.model, (keys) => keys.forEach((key) => queue.add(key)));
    const api = this.model.api((call, perform) => this.#meet(call, perform));
    const reconciler: Reconciler = {
      api: {
        ...api,
        create: async (...request) => await this.gate.then(() => api.create(...request)),
      },
      caches: watches.caches,
      agents: { stateOf: (nodeName) => this.agents.get(nodeName) ?? 'Away' },
      holds: {
        podOf: ({ metadata, spec }) => ({
          known: true,
          object: this.model.find<Pod>(PODS, metadata.namespace ?? '', spec.podName),
        }),
        nodeWasSchedulable: () => true,
        nodeOf: ({ spec }) => ({ known: true, object: this.model.find<KubeNode>(NODES, '', spec.nodeName) }),
      },
      memory: new CheckpointMemory(),
      history: { isExcess: () => false },
      settings: { ...SETTINGS, excludedNamespaces: ['kube-system'] },
      wall: () => this.now,
      monotonic: () => this.now,
      events: { record: (event) => this.told.push(event) },
      onEnd: () => undefined,
      lock: new KeyedLock(),
      metrics: { timed: async (visit) => (await visit()).outcome },
      log: silentLogger(),
    };
    return { watches, queue, later: new Set(), reconciler };
  }

  #meet<T>(call: ModelCall, perform: () => KubeResult<T>): KubeResult<T> {
    this.calls.push(call);
    const denial = this.denies(call);
    if (denial !== undefined) return failure<T>({ method: call.verb, path: call.plural, ...denial });
    const fault = this.faults.shift() ?? 'none';
    if (fault === 'dies before') throw new Died(call.verb);
    const lost = failure<T>({ method: call.verb, path: call.plural, reason: 'Unreachable', message: fault });
    if (fault === 'unsent') return lost;
    const answer = perform();
    if (fault === 'dies after') throw new Died(call.verb);
    return fault === 'unanswered' ? lost : answer;
  }
}
