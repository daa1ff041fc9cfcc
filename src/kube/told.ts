/** The changes that the handler of a reflector was told. */
import type { Change } from './store.js';
import { isSameVersion, keyOf, type KubeObject } from './types.js';

/**
 * The store of a reflector also gets the answers to writes of this process. So the store may know a change whose event has
 * not arrived, and if the watch breaks before the event, the next list shows nothing that is new to the store. What the
 * handler is told therefore depends on what it was told before, never on what the store holds.
 */
export class Told<T extends KubeObject> {
  /** By key: the object as it was told last. As a rule the store holds the same one, so it takes no memory here. */
  readonly #objects = new Map<string, T>();

  /** Whether the handler knows of the object, in whatever version. */
  has(object: T): boolean {
    return this.#objects.has(keyOf(object));
  }

  /** The handler is told of this change. */
  note({ type, object }: Change<T>): void {
    if (type === 'delete') this.#objects.delete(keyOf(object));
    else this.#objects.set(keyOf(object), object);
  }

  /**
   * The changes to tell the handler after a complete list. `isHeld` says whether the store holds this version of an object;
   * an event follows for a newer version. `vanished` are the objects that the list made the store drop.
   */
  afterList(listed: readonly T[], isHeld: (object: T) => boolean, vanished: readonly T[]): Change<T>[] {
    const keys = new Set(listed.map(keyOf));
    const gone = new Map(vanished.map((object) => [keyOf(object), object]));
    for (const [key, object] of this.#objects) if (!keys.has(key)) gone.set(key, object);
    const fresh: T[] = [];
    for (const object of listed) {
      const before = this.#objects.get(keyOf(object));
      if (!isHeld(object) || (before !== undefined && isSameVersion(before, object))) continue;
      // It was deleted and made again while nothing was heard.
      if (before !== undefined && before.metadata.uid !== object.metadata.uid) gone.set(keyOf(object), before);
      fresh.push(object);
    }
    return [
      ...[...gone.values()].map((object) => ({ type: 'delete' as const, object })),
      ...fresh.map((object) => ({ type: 'upsert' as const, object })),
    ];
  }
}
