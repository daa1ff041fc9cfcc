/** The limit of how many Checkpoints that have ended are kept in each namespace. */
import type { Checkpoint } from '../api/kinds.js';
import { hasEnded } from '../api/conditions.js';
import { isTracked } from './rules/ended.js';

/** The Checkpoints that the limit lets go, as of the last sweep. */
export class History {
  readonly #limit: number | undefined;
  #excess: ReadonlySet<string> = new Set();

  /** @param limit undefined: everything is kept. */
  constructor(limit: number | undefined) {
    this.#limit = limit;
  }

  isExcess({ metadata }: Checkpoint): boolean {
    return this.#excess.has(metadata.uid);
  }

  /** Looks through all Checkpoints, and returns those that are beyond the limit now. */
  sweep(checkpoints: readonly Checkpoint[]): readonly Checkpoint[] {
    const excess = this.#limit === undefined ? [] : beyond(checkpoints, this.#limit);
    this.#excess = new Set(excess.map(({ metadata }) => metadata.uid));
    return excess;
  }
}

/**
 * How many times the limit a namespace may keep when a tool tracks its Checkpoints. Anybody can set the marks of such a
 * tool, so they must not switch the limit off. A limit of 0 counts as 1 here, or each would be made again and captured
 * again at once.
 */
const TRACKED_TIMES = 4;

/**
 * The oldest of those that have ended, in each namespace with more than `limit` of them. Those that a tool tracks, and
 * would make again, stay until the namespace has several times as many. Pure.
 */
export function beyond(checkpoints: readonly Checkpoint[], limit: number): readonly Checkpoint[] {
  const ended = new Map<string, Checkpoint[]>();
  for (const checkpoint of checkpoints) {
    const { namespace = '', deletionTimestamp } = checkpoint.metadata;
    if (!hasEnded(checkpoint.status) || deletionTimestamp !== undefined) continue;
    const known = ended.get(namespace);
    if (known === undefined) ended.set(namespace, [checkpoint]);
    else known.push(checkpoint);
  }
  return [...ended.values()].filter((all) => all.length > limit).flatMap((all) => excessOf(all, limit));
}

function excessOf(all: Checkpoint[], limit: number): readonly Checkpoint[] {
  const byAge = all.sort(byCompletion);
  const free = byAge.filter((checkpoint) => !isTracked(checkpoint));
  const first = new Set(free.slice(0, Math.max(0, free.length - limit)));
  const kept = byAge.filter((checkpoint) => !first.has(checkpoint));
  return [...first, ...kept.slice(0, Math.max(0, kept.length - TRACKED_TIMES * Math.max(1, limit)))];
}

/** Earliest end first; among equals the names decide. The API server writes all times in one form. */
function byCompletion(a: Checkpoint, b: Checkpoint): number {
  const [first, second] = [keyOfEnd(a), keyOfEnd(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function keyOfEnd({ metadata, status }: Checkpoint): string {
  return `${status?.completionTime ?? ''} ${metadata.name}`;
}
