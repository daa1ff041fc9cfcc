/** A line of keys in groups that take turns. Pure. */

export interface Waiting {
  readonly key: string;
  /** The moment that was given to add(). */
  readonly added: number;
}

/** The waiting keys of one group, oldest first; each map gives the moment of a key. */
interface Group {
  readonly urgent: Map<string, number>;
  readonly others: Map<string, number>;
}

/** Each key is in the line at most once. Adding and taking a key cost the same however many keys wait. */
export class FairLine {
  readonly #groupOf: (key: string) => string;
  /** The groups that have waiting keys, in the order of their turns. */
  readonly #groups = new Map<string, Group>();
  #size = 0;

  /** `groupOf` must always return the same group for a key. */
  constructor(groupOf: (key: string) => string) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    const group = this.#groups.get(this.#groupOf(key));
    return group !== undefined && (group.urgent.has(key) || group.others.has(key));
  }

  /** The key must not be in the line. An urgent key goes before those of its group that are not urgent. */
  add(key: string, moment: number, urgent = false): void {
    const name = this.#groupOf(key);
    const group = this.#groups.get(name) ?? { urgent: new Map(), others: new Map() };
    this.#groups.set(name, group);
    (urgent ? group.urgent : group.others).set(key, moment);
    this.#size += 1;
  }

  /** A key that waits becomes urgent. */
  hurry(key: string): void {
    const group = this.#groups.get(this.#groupOf(key));
    const moment = group?.others.get(key);
    if (group === undefined || moment === undefined) return;
    group.others.delete(key);
    group.urgent.set(key, moment);
  }

  /** Takes the first key of the group whose turn it is; the group's next turn comes after those of all other groups. */
  take(): Waiting | undefined {
    for (const [name, group] of this.#groups) {
      this.#groups.delete(name);
      for (const keys of [group.urgent, group.others]) {
        for (const [key, added] of keys) {
          keys.delete(key);
          this.#size -= 1;
          if (group.urgent.size + group.others.size > 0) this.#groups.set(name, group);
          return { key, added };
        }
      }
    }
    return undefined;
  }
}
