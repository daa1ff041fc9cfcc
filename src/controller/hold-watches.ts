/** Watches each pod that is held and its node, with one single-object watch each, until the hold is over. */
import type { PodCapture } from '../api/kinds.js';
import { linkAbort, type LinkedAbort } from '../kube/abort.js';
import type { KubeApi } from '../kube/api.js';
import type { Clock } from '../kube/clock.js';
import type { Logger } from '../kube/log.js';
import { startReflector, type Reflector } from '../kube/reflector.js';
import { Store } from '../kube/store.js';
import { keyOf, type KubeObject, type Resource } from '../kube/types.js';
import { hasEnded } from './condition.js';
import type { Watched } from './observation.js';
import { NODES, PODS, type KubeNode, type Pod } from './resources.js';

export interface HoldWatchesOptions {
  readonly api: Pick<KubeApi, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Called with the key of a held capture whenever its pod or node changes. */
  readonly onChange: (captureKey: string) => void;
  /** Ends all watches. */
  readonly signal: AbortSignal;
}

/** The questions that observe.ts asks. */
export interface HoldFacts {
  podOf(capture: PodCapture): Watched<Pod>;
  nodeOf(capture: PodCapture): Watched<KubeNode>;
}

interface SingleWatch<T extends KubeObject> {
  readonly store: Store<T>;
  readonly reflector: Reflector;
  readonly abort: LinkedAbort;
  /** Keys of the captures that need this watch. */
  readonly users: Set<string>;
}

/** The controller has no cache of all pods: a large cluster has a hundred thousand pods, and a handful are held. */
export class HoldWatches implements HoldFacts {
  readonly #options: HoldWatchesOptions;
  readonly #pods = new Map<string, SingleWatch<Pod>>();
  readonly #nodes = new Map<string, SingleWatch<KubeNode>>();

  constructor(options: HoldWatchesOptions) {
    this.#options = options;
  }

  /**
   * Starts or ends the watches that this capture needs; `undefined` says that the capture is gone. Call this on each
   * change of a capture.
   */
  follow(captureKey: string, capture: PodCapture | undefined): void {
    if (capture === undefined || hasEnded(capture.status) || capture.spec.holdSeconds === 0) {
      release(this.#pods, captureKey);
      release(this.#nodes, captureKey);
      return;
    }
    const { podName, nodeName } = capture.spec;
    this.#use(this.#pods, PODS, podName, capture.metadata.namespace, captureKey);
    this.#use(this.#nodes, NODES, nodeName, undefined, captureKey);
  }

  podOf({ metadata, spec }: PodCapture): Watched<Pod> {
    return seen(this.#pods.get(`${metadata.namespace ?? ''}/${spec.podName}`));
  }

  nodeOf({ spec }: PodCapture): Watched<KubeNode> {
    return seen(this.#nodes.get(spec.nodeName));
  }

  /** Number of open watches. */
  get size(): number {
    return this.#pods.size + this.#nodes.size;
  }

  #use<T extends KubeObject>(
    watches: Map<string, SingleWatch<T>>,
    resource: Resource<T>,
    name: string,
    namespace: string | undefined,
    captureKey: string,
  ): void {
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    const watch = watches.get(key) ?? this.#start(resource, name, namespace);
    watches.set(key, watch);
    watch.users.add(captureKey);
  }

  #start<T extends KubeObject>(resource: Resource<T>, name: string, namespace: string | undefined): SingleWatch<T> {
    const { api, clock, random, log, signal, onChange } = this.#options;
    const store = new Store<T>();
    const abort = linkAbort(signal);
    const users = new Set<string>();
    const tell = (): void => {
      for (const user of users) onChange(user);
    };
    const reflector = startReflector<T>({
      api,
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      fieldSelector: `metadata.name=${name}`,
      store,
      handler: tell,
      clock,
      random,
      log,
      signal: abort.signal,
    });
    // When the pod is already gone, no change arrives, so the first sync is reported as well.
    void reflector.synced.then(tell);
    return { store, reflector, abort, users };
  }
}

function seen<T extends KubeObject>(watch: SingleWatch<T> | undefined): Watched<T> {
  if (watch?.reflector.hasSynced() !== true) return { known: false };
  return { known: true, object: watch.store.list()[0] };
}

function release<T extends KubeObject>(watches: Map<string, SingleWatch<T>>, captureKey: string): void {
  for (const [key, { users, abort }] of watches) {
    if (!users.delete(captureKey) || users.size > 0) continue;
    abort.abort();
    abort.dispose();
    watches.delete(key);
  }
}

/** The key under which follow() knows a capture. */
export function followKey(capture: PodCapture): string {
  return keyOf(capture);
}
