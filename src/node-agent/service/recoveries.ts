/** Counts and logs what guards did for agents that could not, until it is reported. */
import { hasEnded } from '../../api/conditions.js';
import type { PodCapture } from '../../api/kinds.js';
import type { Logger } from '../../kube/log.js';
import { uidOf } from '../../native/guard-protocol.js';
import type { GuardOutcome, Recovered } from '../../native/guard.js';

export interface RecoveriesParts {
  readonly log: Logger;
  readonly count: (outcome: GuardOutcome) => void;
  /** Returns undefined until all PodCaptures are listed. */
  readonly list: () => readonly PodCapture[] | undefined;
  readonly acknowledge: (uid: string) => void;
}

export class Recoveries {
  readonly #parts: RecoveriesParts;
  readonly #seen = new Set<string>();

  constructor(parts: RecoveriesParts) {
    this.#parts = parts;
  }

  /**
   * Counts and logs each recovery once. Acknowledges those whose capture has ended or no longer exists: the guard need
   * not remember them.
   */
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
    const awaited = new Set(objects.filter((object) => !hasEnded(object.status)).map(({ metadata }) => metadata.uid));
    for (const uid of new Set(recovered.map(({ capture }) => uidOf(capture))))
      if (!awaited.has(uid)) this.#parts.acknowledge(uid);
  }
}

/** A text for people: what the guard did about the freezers of one capture. Empty when nothing is known. */
export function describeRecovered(recovered: readonly Recovered[]): string {
  const parts = OUTCOMES.flatMap(([outcome, what]) => {
    const found = recovered.filter((one) => one.outcome === outcome);
    const [first] = found;
    return first === undefined ? [] : [`${found.length} ${what} (${first.cause})`];
  });
  return parts.length === 0 ? '' : `freezers handled by the guard: ${parts.join(', ')}`;
}

const OUTCOMES: readonly (readonly [GuardOutcome, string])[] = [
  ['Thawed', 'opened'],
  ['FoundThawed', 'found open'],
  ['CgroupGone', 'with a removed cgroup'],
  ['Rebooted', 'from before a reboot'],
];

function keyOf({ capture, container }: Recovered): string {
  return `${uidOf(capture)} ${container}`;
}
