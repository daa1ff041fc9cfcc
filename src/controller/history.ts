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

/** The oldest of those that have ended, in each namespace with more than `limit` of them. Pure. */
export function beyond(checkpoints: readonly Checkpoint[], limit: number): readonly Checkpoint[] {
  const ended = new Map<string, Checkpoint[]>();
  for (const checkpoint of checkpoints) {
    const { namespace = '', deletionTimestamp } = checkpoint.metadata;
    if (!hasEnded(checkpoint.status) || deletionTimestamp !== undefined || isTracked(checkpoint)) continue;
    const known = ended.get(namespace);
    if (known === undefined) ended.set(namespace, [checkpoint]);
    else known.push(checkpoint);
  }
  return [...ended.values()]
    .filter((all) => all.length > limit)
    .flatMap((all) => all.sort(byCompletion).slice(0, all.length - limit));
}

/** Earliest end first; among equals the names decide. The API server writes all times in one form. */
function byCompletion(a: Checkpoint, b: Checkpoint): number {
  const [first, second] = [keyOfEnd(a), keyOfEnd(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function keyOfEnd({ metadata, status }: Checkpoint): string {
  return `${status?.completionTime ?? ''} ${metadata.name}`;
}
