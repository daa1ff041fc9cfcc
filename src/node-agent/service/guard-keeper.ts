/**
 * The agent's tie to the guard: a connection of the main thread, tried twice a second and made anew for ever. By it the agent knows
 * whether it may freeze anything, and what guards did for the agents before it.
 */
import type { Clock } from '../../kube/clock.js';
import type { Logger } from '../../kube/log.js';
import { ETIMEDOUT } from '../../native/errno.js';
import { captureIdOf, uidOf } from '../../native/guard-protocol.js';
import type { Guard, Recovered } from '../../native/guard.js';
import { errnoName } from '../../native/syscall-error.js';
import type { GuardSupply } from '../tracer/guard-supply.js';

/** How the guard is reached. */
export interface GuardDoor extends Pick<GuardSupply, 'connect' | 'release' | 'ownFreezer'> {
  /** Opens the main thread's own connection; returns -errno when that fails. */
  open(): Guard | number;
}

export interface GuardKeeperParts {
  readonly door: GuardDoor;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The agent promises to notice the death of a guard within a second. */
const LOOK_EVERY_MS = 500;
/** A guard that kubelet has just started is found within this time. */
const RETRY_EVERY_MS = 100;
/** Pings in a row without an answer after which a guard counts as lost: it is stopped, or too busy to be relied upon. */
const UNANSWERED = 3;

export class GuardKeeper implements GuardSupply {
  readonly ownFreezer: string | undefined;
  /** Called with what guards did and no agent has acknowledged, whenever there is something. */
  onRecovered: (recovered: readonly Recovered[]) => void = () => undefined;
  /** Called when a guard was lost and one is found again: the same after a silence, or its successor. */
  onRestarted: () => void = () => undefined;
  readonly #parts: GuardKeeperParts;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<() => void>();
  #guard: Guard | undefined;
  #unanswered = 0;
  #told = false;
  #wasLost = false;

  constructor(parts: GuardKeeperParts) {
    this.#parts = parts;
    this.ownFreezer = parts.door.ownFreezer;
  }

  /** Whether a guard answered the last test. */
  get isAlive(): boolean {
    return this.#guard !== undefined;
  }

  /** Keeps the connection alive until {@link close} is called. */
  async run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const alive = this.check();
      await this.#parts.clock.sleep(alive ? LOOK_EVERY_MS : RETRY_EVERY_MS, signal);
    }
  }

  /** Tests the connection now. Returns whether a guard is alive. */
  check(): boolean {
    if (this.#guard === undefined) this.#open();
    const health = this.#guard?.ping();
    if (health === undefined) return false;
    if (typeof health === 'number') {
      this.#unanswered += 1;
      if (health !== -ETIMEDOUT || this.#unanswered >= UNANSWERED) this.#lose(health);
      return this.isAlive;
    }
    this.#unanswered = 0;
    if (health.recovered > 0) this.onRecovered(this.recovered());
    return this.isAlive;
  }

  /** Resolves to whether there is a guard: as soon as there is one, and after `milliseconds` at the latest. */
  async whenAlive(milliseconds: number, signal?: AbortSignal): Promise<boolean> {
    if (this.isAlive) return true;
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    this.#waiting.add(wake);
    signal?.addEventListener('abort', wake, { once: true });
    if (signal?.aborted !== true) await this.#parts.clock.sleep(milliseconds, woken.signal);
    this.#waiting.delete(wake);
    signal?.removeEventListener('abort', wake);
    return this.isAlive;
  }

  /** The things that guards did without an agent, for all captures or for one. */
  recovered(uid?: string): readonly Recovered[] {
    const recovered = this.#guard?.recovered() ?? [];
    if (typeof recovered === 'number') return [];
    return recovered.filter(({ capture }) => uid === undefined || uidOf(capture) === uid);
  }

  /** Says that the agent knows what guards did about this capture, so that the guard may forget it. */
  acknowledge(uid: string): void {
    const id = captureIdOf(uid);
    if (id === undefined) return;
    for (const { container } of this.recovered(uid)) this.#guard?.acknowledge(id, container);
  }

  connect(): number {
    return this.#parts.door.connect();
  }

  release(socket: number): void {
    this.#parts.door.release(socket);
  }

  /** To be called when nothing is held any more, and nothing will be. */
  close(): void {
    this.#closing.abort();
    this.#guard?.close();
    this.#guard = undefined;
    this.#wake();
  }

  #open(): void {
    if (this.#closing.signal.aborted) return;
    const opened = this.#parts.door.open();
    if (typeof opened === 'number') {
      if (!this.#told)
        this.#parts.log.warn('no guard answers; nothing is frozen until one does', { error: errnoName(opened) });
      this.#told = true;
      return;
    }
    this.#guard = opened;
    this.#unanswered = 0;
    this.#told = false;
    const { pid, hasJournal, seesThreads } = opened;
    this.#parts.log.info('guard found', { pid, hasJournal, seesThreads });
    this.#wake();
    if (this.#wasLost) this.onRestarted();
    this.#wasLost = false;
  }

  #lose(result: number): void {
    this.#parts.log.error('guard lost', { error: errnoName(result) });
    this.#guard?.close();
    this.#guard = undefined;
    this.#wasLost = true;
    this.#open();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
