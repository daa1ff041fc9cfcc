/** Knows which cgroups captures of this agent may have left frozen, and looks at them when metrics are asked for. */
import type { Clock } from '../../kube/clock.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { isFrozen } from './as-found.js';

interface Watched {
  readonly target: ContainerTarget;
  /** Monotonic milliseconds at which its capture was about to begin. The freezer cannot have been closed before. */
  readonly since: number;
}

/**
 * Each look reads cgroupfs only, never a disk, so a scrape during a capture does no harm. A cgroup that was frozen when
 * its capture began belongs to somebody else and does not count, nor does one whose freezer the capture does not use.
 */
export class FrozenCgroups {
  readonly #clock: Clock;
  readonly #running = new Map<string, readonly Watched[]>();
  /** Cgroups of ended captures, or of an earlier agent's captures, that were not proved to be thawed. */
  #doubtful: readonly Watched[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The capture is about to begin. */
  watch(uid: string, targets: readonly ContainerTarget[]): void {
    this.#running.set(uid, this.#marked(targets.filter((target) => target.freezer !== 'none' && !isFrozen(target))));
  }

  /** The capture has ended. Its cgroups that were not proved to be thawed stay watched until they are seen thawed. */
  forget(uid: string, thawUnproved: readonly string[]): void {
    const left = (this.#running.get(uid) ?? []).filter(({ target }) => thawUnproved.includes(target.directory));
    this.#running.delete(uid);
    this.#doubtful = [...this.#doubtful, ...left];
  }

  /** These cgroups were found frozen at the end of a capture that an earlier agent began. */
  inherit(targets: readonly ContainerTarget[]): void {
    this.#doubtful = [...this.#doubtful, ...this.#marked(targets)];
  }

  /** How many cgroups are frozen now, and for how long the longest of them has been, at most. */
  look(): { readonly count: number; readonly longestSeconds: number } {
    this.#doubtful = this.#doubtful.filter(({ target }) => isFrozen(target));
    const frozen = [...this.#doubtful, ...[...this.#running.values()].flat().filter(({ target }) => isFrozen(target))];
    const now = this.#clock.monotonic();
    return { count: frozen.length, longestSeconds: Math.max(0, ...frozen.map(({ since }) => (now - since) / 1000)) };
  }

  #marked(targets: readonly ContainerTarget[]): readonly Watched[] {
    const since = this.#clock.monotonic();
    return targets.map((target) => ({ target, since }));
  }
}
