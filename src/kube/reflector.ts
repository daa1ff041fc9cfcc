/** Keeps a store in step with the API server and reports each change: it lists, watches, and repeats both for ever. */
import { linkAbort } from './abort.js';
import type { KubeApi, WatchEvent } from './api.js';
import type { Clock } from './clock.js';
import { listPages } from './list-pages.js';
import type { Logger } from './log.js';
import { isOlder } from './resource-version.js';
import { REFLECTOR_START, stepReflector, type ReflectorEvent, type ReflectorState } from './reflector-step.js';
import type { KubeError } from './result.js';
import type { Change, Store } from './store.js';
import { Told } from './told.js';
import { isSameVersion, keyOf, type KubeObject, type Resource } from './types.js';

export interface ReflectorMetrics {
  /** `result` is 'success' or the reason of the KubeError. */
  listed(result: string): void;
  /** `result` is 'closed' (the server ended the watch in the regular way) or the reason of the KubeError. */
  watched(result: string): void;
  /** How many objects the store holds now. */
  held(objects: number): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly api: Pick<KubeApi, 'list' | 'watch'>;
  readonly resource: Resource<T>;
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly store: Store<T>;
  /**
   * Called in order for each change, with the store at least as new: the store also has the answers to own writes, which
   * never keep a change from the handler. Must not block. An exception of the handler is logged.
   */
  readonly handler: (change: Change<T>) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics?: ReflectorMetrics;
  /** Removes what is not needed, such as managedFields, before an object is stored. */
  readonly project?: (object: T) => T;
  /**
   * A watch that delivers nothing for this long counts as dead, also while it is being opened: when a firewall has dropped
   * a connection, no error is reported. Set this where something is known to change more often than that. Default 150 s:
   * the server sends a bookmark about every 60 s. A server that sends no bookmarks (one without watch cache) is merely
   * asked again somewhat early.
   */
  readonly silenceMilliseconds?: number;
  /** Ends the reflector. No change is reported after it has aborted. */
  readonly signal: AbortSignal;
}

export interface Reflector {
  /** Whether one complete list has been stored. */
  hasSynced(): boolean;
  /** Resolves at the first sync, or when the reflector has ended. */
  readonly synced: Promise<void>;
  /**
   * Monotonic milliseconds of the last answer or event from the server. Undefined before the first. For the liveness
   * check.
   */
  lastContact(): number | undefined;
  /** Resolves once the reflector has ended. */
  readonly done: Promise<void>;
}

/**
 * The duration of each watch is chosen at random between these two, so that watches that began together do not end
 * together. client-go does the same.
 */
const SHORTEST_WATCH_SECONDS = 300;
const LONGEST_WATCH_SECONDS = 600;
/** The default of `silenceMilliseconds`. */
const SILENCE_MILLISECONDS = 150_000;
/** How long a watch may last beyond the end that was agreed with the server. */
const OVERDUE_MILLISECONDS = 30_000;

/** Runs until `signal` aborts. Never rejects. */
export function startReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector {
  const run = new ReflectorRun(options);
  return {
    hasSynced: () => run.isSynced,
    synced: run.synced,
    lastContact: () => run.lastContact,
    done: run.run(),
  };
}

class ReflectorRun<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #told = new Told<T>();
  readonly synced: Promise<void>;
  isSynced = false;
  lastContact: number | undefined;
  #resolveSynced: () => void = () => undefined;
  /** The newest version that the server has reported. */
  #newest: string | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
  }

  async run(): Promise<void> {
    const { signal, random } = this.#options;
    let state = REFLECTOR_START;
    while (!signal.aborted) {
      const event = await this.#act(state);
      state = stepReflector(state, event, random);
    }
    this.#resolveSynced();
  }

  async #act(state: ReflectorState): Promise<ReflectorEvent> {
    switch (state.at) {
      case 'listing':
        return this.#list();
      case 'watching':
        return this.#watch(state.resourceVersion);
      case 'resting':
        await this.#options.clock.sleep(state.milliseconds, this.#options.signal);
        return { kind: 'rested' };
      default:
        return state satisfies never;
    }
  }

  async #list(): Promise<ReflectorEvent> {
    const { api, resource, store, signal, metrics, log } = this.#options;
    const listed = await listPages(api, resource, { ...this.#selection(), signal }, (item) => this.#project(item));
    if (!listed.ok) {
      if (!signal.aborted) this.#failed('list failed', listed.error);
      metrics?.listed(listed.error.reason);
      return { kind: 'listFailed', error: listed.error };
    }
    metrics?.listed('success');
    this.#heard();
    const { items, resourceVersion } = listed.value;
    if (signal.aborted) return { kind: 'listed', resourceVersion };
    const reset = this.#newest !== undefined && isOlder(resourceVersion, this.#newest);
    if (reset) log.warn('the server has gone back in time', { resource: resource.plural, resourceVersion });
    this.#newest = resourceVersion;
    const vanished = store.replaceAll(items, resourceVersion, { reset }).filter(({ type }) => type === 'delete');
    const isHeld = (item: T): boolean => {
      const held = store.get(keyOf(item));
      return held !== undefined && isSameVersion(held, item);
    };
    const gone = vanished.map(({ object }) => object);
    for (const change of this.#told.afterList(items, isHeld, gone)) this.#tell(change);
    metrics?.held(store.size);
    this.isSynced = true;
    this.#resolveSynced();
    return { kind: 'listed', resourceVersion };
  }

  async #watch(from: string): Promise<ReflectorEvent> {
    const { api, resource, clock, random, signal, metrics } = this.#options;
    const started = clock.monotonic();
    const spread = LONGEST_WATCH_SECONDS - SHORTEST_WATCH_SECONDS;
    const timeoutSeconds = SHORTEST_WATCH_SECONDS + Math.floor(random() * (spread + 1));
    // Each watch has a signal of its own, so that no event of the former watch is processed and its connection does not
    // stay open.
    const generation = linkAbort(signal);
    const seen = { resourceVersion: from, events: 0, at: started };
    let error: KubeError | undefined;
    const silence = this.#guard(generation, seen, started + timeoutSeconds * 1000 + OVERDUE_MILLISECONDS);
    try {
      const opened = await api.watch(resource, {
        ...this.#selection(),
        resourceVersion: from,
        timeoutSeconds,
        signal: generation.signal,
      });
      if (opened.ok) {
        this.#heard();
        seen.at = clock.monotonic();
        for await (const event of opened.value) {
          if (generation.signal.aborted) break;
          this.#heard();
          seen.events += 1;
          seen.at = clock.monotonic();
          if (event.type === 'ERROR') error = event.error;
          else seen.resourceVersion = this.#take(event);
        }
        error ??= silence();
      } else error = silence() ?? opened.error;
    } finally {
      generation.abort();
      generation.dispose();
    }
    if (!signal.aborted) {
      metrics?.watched(error?.reason ?? 'closed');
      if (error !== undefined) this.#failed('watch failed', error);
    }
    return {
      kind: 'watchEnded',
      resourceVersion: seen.resourceVersion,
      lastedMilliseconds: clock.monotonic() - started,
      empty: seen.events === 0,
      error,
    };
  }

  /** Ends a watch that has gone silent or is overdue. The returned function tells whether that happened. */
  #guard(
    generation: { readonly signal: AbortSignal; abort(): void },
    seen: { readonly at: number },
    overdue: number,
  ): () => KubeError | undefined {
    const { clock, resource, silenceMilliseconds = SILENCE_MILLISECONDS } = this.#options;
    let silent = false;
    const watch = async (): Promise<void> => {
      while (!generation.signal.aborted) {
        const due = Math.min(seen.at + silenceMilliseconds, overdue);
        const left = due - clock.monotonic();
        if (left <= 0) {
          silent = true;
          generation.abort();
        } else await clock.sleep(left, generation.signal);
      }
    };
    void watch();
    const error = { method: 'GET', path: resource.plural, reason: 'Timeout', message: 'the watch has gone silent' };
    return () => (silent ? error : undefined);
  }

  /** Returns the version up to which all changes are known now. */
  #take(event: Exclude<WatchEvent<T>, { type: 'ERROR' }>): string {
    const { store, metrics } = this.#options;
    if (event.type === 'BOOKMARK') {
      this.#newest = event.resourceVersion;
      return event.resourceVersion;
    }
    const object = this.#project(event.object);
    this.#newest = object.metadata.resourceVersion;
    if (event.type === 'DELETED') {
      // The store may hold a successor of the same name already, from the answer to a read or to a write.
      if (store.delete(object) || this.#told.has(object)) this.#tell({ type: 'delete', object });
    } else if (store.upsert(object)) this.#tell({ type: 'upsert', object });
    metrics?.held(store.size);
    return object.metadata.resourceVersion;
  }

  #project(object: T): T {
    try {
      return this.#options.project?.(object) ?? object;
    } catch (error) {
      this.#options.log.error('projection failed', { object: keyOf(object), error });
      return object;
    }
  }

  #tell(change: Change<T>): void {
    if (this.#options.signal.aborted) return;
    this.#told.note(change);
    try {
      this.#options.handler(change);
    } catch (error) {
      this.#options.log.error('handler failed', { object: keyOf(change.object), change: change.type, error });
    }
  }

  #selection(): { namespace?: string; fieldSelector?: string; labelSelector?: string } {
    const { namespace, fieldSelector, labelSelector } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
  }

  #heard(): void {
    this.lastContact = this.#options.clock.monotonic();
  }

  #failed(message: string, error: KubeError): void {
    this.#options.log.warn(message, { resource: this.#options.resource.plural, ...error });
  }
}
