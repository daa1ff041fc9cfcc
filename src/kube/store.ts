/**
 * Holds the known objects of a kind, by key, by index, and in lines. A reflector and the answers to this process's own writes fill
 * it.
 */
import { isOlder } from './resource-version.js';
import { StoreIndex, type Indexer } from './store-index.js';
import { StoreLine, type Order } from './store-line.js';
import { isSameVersion, keyOf, type KubeObject } from './types.js';

export type { Indexer } from './store-index.js';
export type { Order } from './store-line.js';

export type Change<T> =
  { readonly type: 'upsert'; readonly object: T } | { readonly type: 'delete'; readonly object: T };

/**
 * Number of deletions that are remembered, so that the late answer to a write of this process does not bring a deleted
 * object back.
 */
const MAX_TOMBSTONES = 4096;

/**
 * Guarantees: an object is never replaced by an older version, in whatever order the watch and the answers to writes
 * arrive; `replaceAll` reports exactly what changed.
 *
 * Assumption: objects are never modified in place.
 */
export class Store<T extends KubeObject = KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, StoreIndex<T>>();
  readonly #orders = new Map<string, StoreLine<T>>();
  /** Maps a key to the resourceVersion of its deletion, oldest deletion first. */
  readonly #tombstones = new Map<string, string>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}, orders: Readonly<Record<string, Order<T>>> = {}) {
    for (const [name, indexer] of Object.entries(indexers)) this.#indexes.set(name, new StoreIndex(indexer));
    for (const [name, order] of Object.entries(orders)) this.#orders.set(name, new StoreLine(order));
  }

  get size(): number {
    return this.#objects.size;
  }

  /** `key` is 'namespace/name'. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  /** Returns the objects that the named indexer files under `value`. An unknown name yields no object. */
  byIndex(name: string, value: string): T[] {
    const keys = this.#indexes.get(name)?.keys(value) ?? [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /**
   * Returns the line of this name in the named order, first things first. An unknown name yields no object. The array
   * changes with the store.
   */
  line(order: string, name: string): readonly T[] {
    return this.#orders.get(order)?.line(name) ?? [];
  }

  /** Returns false, and changes nothing, when the object is older than the stored one or than its deletion. */
  upsert(object: T): boolean {
    const key = keyOf(object);
    const version = object.metadata.resourceVersion;
    const held = this.#objects.get(key);
    if (held !== undefined && isOlder(version, held.metadata.resourceVersion)) return false;
    const buried = this.#tombstones.get(key);
    // An equal version is refused too: the last version of an object is that of its deletion.
    if (buried !== undefined && !isOlder(buried, version)) return false;
    this.#tombstones.delete(key);
    this.#put(key, object);
    return true;
  }

  /**
   * Removes an object that was deleted or has left the selector, according to a watch event; `object` is its last
   * state. Returns false when the store holds something newer, such as a successor of the same name.
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
   * Replaces the contents by a complete list, and returns what changed. A stored object that is newer than the list
   * (stored from a write's answer while the list was under way) stays. With `reset` it goes too: the server has gone
   * back in time because etcd was restored from a backup, so versions from before and after cannot be compared.
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
      if (held !== undefined && isSameVersion(held, object)) continue;
      if (reset) this.#put(keyOf(object), object);
      else if (!this.upsert(object)) continue;
      changes.push({ type: 'upsert', object });
    }
    return changes;
  }

  #put(key: string, object: T): void {
    const held = this.#objects.get(key);
    for (const index of this.#indexes.values()) index.move(key, held, object);
    for (const order of this.#orders.values()) order.move(held, object);
    this.#objects.set(key, object);
  }

  #take(key: string, held: T): void {
    for (const index of this.#indexes.values()) index.move(key, held, undefined);
    for (const order of this.#orders.values()) order.move(held, undefined);
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
