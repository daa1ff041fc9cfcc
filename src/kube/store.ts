/** What is known of a kind's objects, by key and by index. Filled by a reflector, and by the answers of own writes. */
import { isOlder } from './resource-version.js';
import { StoreIndex, type Indexer } from './store-index.js';
import { keyOf, type KubeObject } from './types.js';

export type { Indexer } from './store-index.js';

export type Change<T> =
  { readonly type: 'upsert'; readonly object: T } | { readonly type: 'delete'; readonly object: T };

/** Deletions that are remembered, so that a late answer of an own write does not bring the dead back. */
const MAX_TOMBSTONES = 4096;

/**
 * Guarantees: an object never gets older, whoever puts it in and in whatever order the watch and the answers of own
 * writes arrive; what `replaceAll` reports is exactly what changed.
 * Assumption: objects are never modified in place.
 */
export class Store<T extends KubeObject = KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, StoreIndex<T>>();
  /** Key to the resourceVersion of its deletion, oldest first. */
  readonly #tombstones = new Map<string, string>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    for (const [name, indexer] of Object.entries(indexers)) this.#indexes.set(name, new StoreIndex(indexer));
  }

  get size(): number {
    return this.#objects.size;
  }

  /** By 'namespace/name'. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  /** Objects that the indexer of that name files under `value`; none for a name that was never given. */
  byIndex(name: string, value: string): T[] {
    const keys = this.#indexes.get(name)?.keys(value) ?? [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** False when the object was older than what is held, or than its deletion; nothing changes then. */
  upsert(object: T): boolean {
    const key = keyOf(object);
    const version = object.metadata.resourceVersion;
    const held = this.#objects.get(key);
    if (held !== undefined && isOlder(version, held.metadata.resourceVersion)) return false;
    const buried = this.#tombstones.get(key);
    // Equal too: an object's last version is that of its deletion.
    if (buried !== undefined && !isOlder(buried, version)) return false;
    this.#tombstones.delete(key);
    this.#put(key, object);
    return true;
  }

  /**
   * Takes out what a watch event says is deleted (or has left the selector); `object` is its last state. False when
   * something newer is held, such as a successor of the same name.
   */
  delete(object: T): boolean {
    const key = keyOf(object);
    const held = this.#objects.get(key);
    if (held !== undefined && isOlder(object.metadata.resourceVersion, held.metadata.resourceVersion)) return false;
    this.#bury(key, object.metadata.resourceVersion);
    if (held === undefined) return false;
    this.#take(key, held);
    return true;
  }

  /**
   * Makes the contents those of a complete list, and tells what changed. What is held and newer than the list (put in by
   * an own write while the list was on its way) stays, unless `reset`: then the server has gone back in time (etcd was
   * restored from a backup), and versions before and after do not compare.
   */
  replaceAll(objects: readonly T[], resourceVersion: string, options: { readonly reset?: boolean } = {}): Change<T>[] {
    const reset = options.reset === true;
    if (reset) this.#tombstones.clear();
    const listed = new Set(objects.map(keyOf));
    const vanished = [...this.#objects].filter(
      ([key, held]) => !listed.has(key) && (reset || !isOlder(resourceVersion, held.metadata.resourceVersion)),
    );
    for (const [key, held] of vanished) {
      this.#take(key, held);
      if (!reset) this.#bury(key, resourceVersion);
    }
    const changes: Change<T>[] = vanished.map(([, object]) => ({ type: 'delete', object }));
    for (const object of objects) {
      const held = this.#objects.get(keyOf(object));
      if (held !== undefined && isSame(held, object)) continue;
      if (reset) this.#put(keyOf(object), object);
      else if (!this.upsert(object)) continue;
      changes.push({ type: 'upsert', object });
    }
    return changes;
  }

  #put(key: string, object: T): void {
    const held = this.#objects.get(key);
    for (const index of this.#indexes.values()) index.move(key, held, object);
    this.#objects.set(key, object);
  }

  #take(key: string, held: T): void {
    for (const index of this.#indexes.values()) index.move(key, held, undefined);
    this.#objects.delete(key);
  }

  #bury(key: string, resourceVersion: string): void {
    const buried = this.#tombstones.get(key);
    if (buried !== undefined && isOlder(resourceVersion, buried)) return;
    this.#tombstones.delete(key);
    this.#tombstones.set(key, resourceVersion);
    if (this.#tombstones.size <= MAX_TOMBSTONES) return;
    for (const oldest of this.#tombstones.keys()) {
      this.#tombstones.delete(oldest);
      return;
    }
  }
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
