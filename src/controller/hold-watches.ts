/**
 * Watches the pods that are held and their nodes: one watch of the pods of each namespace that has a hold, and one watch of
 * all nodes.
 */
import type { PodCapture } from '../api/kinds.js';
import { hasEnded } from '../api/conditions.js';
import { linkAbort, type LinkedAbort } from '../kube/abort.js';
import type { KubeApi } from '../kube/api.js';
import type { Clock } from '../kube/clock.js';
import type { Logger } from '../kube/log.js';
import { startReflector, type Reflector } from '../kube/reflector.js';
import { Store } from '../kube/store.js';
import { keyOf, type KubeObject, type Resource } from '../kube/types.js';
import { markOf, projectHeldNode, projectHeldPod } from './hold-projection.js';
import type { Watched } from './observation.js';
import { NODES, PODS, type KubeNode, type Pod } from './resources.js';

export interface HoldWatchesOptions {
  readonly api: Pick<KubeApi, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Called with the key of a held capture whenever something changes that the rules of a hold read of its pod or node. */
  readonly onChange: (captureKey: string) => void;
  /** Ends all watches. */
  readonly signal: AbortSignal;
}

/** The questions that observe.ts asks. */
export interface HoldFacts {
  podOf(capture: PodCapture): Watched<Pod>;
  nodeOf(capture: PodCapture): Watched<KubeNode>;
  /** Whether the node was schedulable at some time since this capture is followed. */
  nodeWasSchedulable(capture: PodCapture): boolean;
}

interface Followed {
  readonly podKey: string;
  readonly namespace: string;
  readonly nodeName: string;
}

interface Watch<T extends KubeObject> {
  readonly store: Store<T>;
  readonly reflector: Reflector;
  readonly abort: LinkedAbort;
}

/**
 * The controller has no cache of all pods: a large cluster has a hundred thousand pods, and a handful are held. The watch of
 * the nodes begins with the first hold and stays open until this process no longer leads: kubelet writes a Node every five
 * minutes, or every 10 s while something changes, so 1,000 nodes are a few events a second, whereas each list reads up to
 * 30 MB.
 */
export class HoldWatches implements HoldFacts {
  readonly #options: HoldWatchesOptions;
  /** By the key of the capture. */
  readonly #followed = new Map<string, Followed>();
  /** The keys of the captures by namespace, by the key of the pod, and by the name of the node. */
  readonly #inNamespace = new Map<string, Set<string>>();
  readonly #ofPod = new Map<string, Set<string>>();
  readonly #onNode = new Map<string, Set<string>>();
  /** The keys of the followed captures whose node was schedulable at some time since then. */
  readonly #seenSchedulable = new Set<string>();
  /** By namespace. */
  readonly #pods = new Map<string, Watch<Pod>>();
  #nodes: Watch<KubeNode> | undefined;

  constructor(options: HoldWatchesOptions) {
    this.#options = options;
  }

  /**
   * Starts or ends the watches that this capture needs; `undefined` says that the capture is gone. Call this on each
   * change of a capture.
   */
  follow(captureKey: string, capture: PodCapture | undefined): void {
    const wanted = capture === undefined ? undefined : needs(capture);
    if (wanted === undefined) this.#unfollow(captureKey);
    else if (!this.#followed.has(captureKey)) this.#begin(captureKey, wanted);
  }

  podOf({ metadata, spec }: PodCapture): Watched<Pod> {
    const { namespace = '' } = metadata;
    return seen(this.#pods.get(namespace), `${namespace}/${spec.podName}`);
  }

  nodeOf({ spec }: PodCapture): Watched<KubeNode> {
    return seen(this.#nodes, spec.nodeName);
  }

  nodeWasSchedulable(capture: PodCapture): boolean {
    return this.#seenSchedulable.has(keyOf(capture));
  }

  /** Number of open watches. */
  get size(): number {
    return this.#pods.size + (this.#nodes === undefined ? 0 : 1);
  }

  #begin(captureKey: string, wanted: Followed): void {
    const { namespace, podKey, nodeName } = wanted;
    this.#followed.set(captureKey, wanted);
    add(this.#inNamespace, namespace, captureKey);
    add(this.#ofPod, podKey, captureKey);
    add(this.#onNode, nodeName, captureKey);
    this.#nodes ??= this.#start(NODES, projectHeldNode, this.#onNode, () => this.#followed.keys());
    // The watch may have been open before, and then no event tells of the node.
    const node = this.#nodes.store.get(nodeName);
    if (node !== undefined) this.#lookAt(node);
    if (this.#pods.has(namespace)) return;
    const everybody = (): Iterable<string> => this.#inNamespace.get(namespace) ?? [];
    this.#pods.set(namespace, this.#start(PODS, projectHeldPod, this.#ofPod, everybody, namespace));
  }

  #lookAt({ metadata, spec }: KubeNode): void {
    if (spec?.unschedulable === true) return;
    for (const captureKey of this.#onNode.get(metadata.name) ?? []) this.#seenSchedulable.add(captureKey);
  }

  #unfollow(captureKey: string): void {
    const former = this.#followed.get(captureKey);
    if (former === undefined) return;
    this.#followed.delete(captureKey);
    this.#seenSchedulable.delete(captureKey);
    remove(this.#ofPod, former.podKey, captureKey);
    remove(this.#onNode, former.nodeName, captureKey);
    if (remove(this.#inNamespace, former.namespace, captureKey)) return;
    const watch = this.#pods.get(former.namespace);
    this.#pods.delete(former.namespace);
    watch?.abort.abort();
    watch?.abort.dispose();
  }

  /** `users` maps the key of an object to the captures that need it; `everybody` are all captures of this watch. */
  #start<T extends Pod | KubeNode>(
    resource: Resource<T>,
    project: (object: T) => T,
    users: ReadonlyMap<string, ReadonlySet<string>>,
    everybody: () => Iterable<string>,
    namespace?: string,
  ): Watch<T> {
    const { api, clock, random, log, signal, onChange } = this.#options;
    const store = new Store<T>();
    const abort = linkAbort(signal);
    const marks = new Map<string, string>();
    const reflector = startReflector<T>({
      api,
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      store,
      project,
      handler: ({ type, object }) => {
        const key = keyOf(object);
        const mark = type === 'delete' ? undefined : markOf(object);
        if (mark !== undefined && marks.get(key) === mark) return;
        if (mark === undefined) marks.delete(key);
        else marks.set(key, mark);
        if (resource.plural === NODES.plural && type !== 'delete') this.#lookAt(object as KubeNode);
        for (const captureKey of users.get(key) ?? []) onChange(captureKey);
      },
      clock,
      random,
      log,
      signal: abort.signal,
    });
    // When the pod is already gone, no change arrives, so the first sync is reported as well.
    const tellAll = async (): Promise<void> => {
      await reflector.synced;
      if (!abort.signal.aborted) for (const captureKey of everybody()) onChange(captureKey);
    };
    void tellAll();
    return { store, reflector, abort };
  }
}

/** What the capture needs; undefined when it has no hold that could be ended early. */
function needs({ metadata, spec, status }: PodCapture): Followed | undefined {
  if (hasEnded(status) || spec.hold === undefined || spec.hold.releaseReason !== undefined) return undefined;
  const { namespace = '' } = metadata;
  return { namespace, podKey: `${namespace}/${spec.podName}`, nodeName: spec.nodeName };
}

function seen<T extends KubeObject>(watch: Watch<T> | undefined, key: string): Watched<T> {
  if (watch?.reflector.hasSynced() !== true) return { known: false };
  return { known: true, object: watch.store.get(key) };
}

function add(sets: Map<string, Set<string>>, key: string, member: string): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(member));
}

/** Returns whether the set has other members. */
function remove(sets: Map<string, Set<string>>, key: string, member: string): boolean {
  const set = sets.get(key);
  set?.delete(member);
  if (set?.size === 0) sets.delete(key);
  return sets.has(key);
}
