/** What guards did for agents that could not: counted, logged, and kept until it is reported. */
import type { PodCapture } from '../../api/kinds.js';
import type { Logger } from '../../kube/log.js';
import { uidOf } from '../../native/guard-protocol.js';
import type { GuardOutcome, Recovered } from '../../native/guard.js';
import { hasEnded } from './captured-object.js';

export interface RecoveriesParts {
  readonly log: Logger;
  readonly count: (outcome: GuardOutcome) => void;
  /** Undefined until all are listed. */
  readonly list: () => readonly PodCapture[] | undefined;
  readonly acknowledge: (uid: string) => void;
}

export class Recoveries {
  readonly #parts: RecoveriesParts;
  readonly #seen = new Set<string>();

  constructor(parts: RecoveriesParts) {
    this.#parts = parts;
  }

  /** Takes note of each once. Those of captures that have an end, or of none, need not be remembered any more. */
  see(recovered: readonly Recovered[]): void {
    const present = new Set(recovered.map(keyOf));
    for (const one of recovered) {
      if (this.#seen.has(keyOf(one))) continue;
      this.#parts.count(one.outcome);
      const { container, outcome, cause } = one;
      this.#parts.log.warn('guard acted in place of an agent', { uid: uidOf(one.capture), container, outcome, cause });
    }
    this.#seen.clear();
    for (const key of present) this.#seen.add(key);
    const objects = this.#parts.list();
    if (objects === undefined) return;
    const awaited = new Set(objects.filter((object) => !hasEnded(object)).map(({ metadata }) => metadata.uid));
    for (const uid of new Set(recovered.map(({ capture }) => uidOf(capture))))
      if (!awaited.has(uid)) this.#parts.acknowledge(uid);
  }
}

/** For a person: what became of the freezers of one capture. Empty when nothing is known. */
export function describeRecovered(recovered: readonly Recovered[]): string {
  const parts = OUTCOMES.flatMap(([outcome, what]) => {
    const found = recovered.filter((one) => one.outcome === outcome);
    const [first] = found;
    return first === undefined ? [] : [`${found.length} ${what} (${first.cause})`];
  });
  return parts.length === 0 ? '' : `the guard saw to its freezers: ${parts.join(', ')}`;
}

const OUTCOMES: readonly (readonly [GuardOutcome, string])[] = [
  ['Thawed', 'opened by it'],
  ['FoundThawed', 'open already'],
  ['CgroupGone', 'of a cgroup that is gone'],
  ['Rebooted', 'of before a restart of the machine'],
];

function keyOf({ capture, container }: Recovered): string {
  return `${uidOf(capture)} ${container}`;
}
