/**
 * The agent's tie to the guard: a connection of the main thread's own, tried twice a second and made anew for ever. Through it the
 * agent knows whether it may freeze anything, what a guard did for agents before this one, and speaks for threads that are dead.
 */
import type { Clock } from '../../kube/clock.js';
import type { Logger } from '../../kube/log.js';
import { EBUSY, ENOENT, ETIMEDOUT } from '../../native/errno.js';
import { captureIdOf, uidOf } from '../../native/guard-protocol.js';
import type { Guard, Recovered } from '../../native/guard.js';
import { errnoName } from '../../native/syscall-error.js';
import type { GuardSupply } from '../tracer/guard-supply.js';

/** How it is reached. */
export interface GuardDoor extends Pick<GuardSupply, 'connect' | 'release' | 'ownFreezer'> {
  /** The main thread's own connection, or -errno. */
  open(): Guard | number;
}

export interface GuardKeeperParts {
  readonly door: GuardDoor;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The promise is to notice the death of a guard within a second. */
const LOOK_EVERY_MS = 500;
/** One that has just been started by kubelet is found soon. */
const RETRY_EVERY_MS = 100;
/** A guard that does not answer in 200 ms is busy, or stopped; so often, it is not to be relied upon. */
const UNANSWERED = 3;
/** After the death of a thread, or of a guard: a new guard gives a second, from its start. */
const SETTLE_EVERY_MS = 20;
const SETTLE_ATTEMPTS = 50;

export class GuardKeeper implements GuardSupply {
  readonly ownFreezer: string | undefined;
  /** Told of what guards did and nobody acknowledged, whenever there is something. */
  onRecovered: (recovered: readonly Recovered[]) => void = () => undefined;
  readonly #parts: GuardKeeperParts;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<() => void>();
  #guard: Guard | undefined;
  #unanswered = 0;
  #told = false;

  constructor(parts: GuardKeeperParts) {
    this.#parts = parts;
    this.ownFreezer = parts.door.ownFreezer;
  }

  /** Whether a guard answered at the last look. */
  get isAlive(): boolean {
    return this.#guard !== undefined;
  }

  /** Keeps the connection until {@link close}. */
  async run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const alive = this.check();
      await this.#parts.clock.sleep(alive ? LOOK_EVERY_MS : RETRY_EVERY_MS, signal);
    }
  }

  /** Asks now. */
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

  /** Resolves to whether there is one, as soon as there is, and after so long at the latest. */
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

  /** What guards did without an agent, of all captures or of one. */
  recovered(uid?: string): readonly Recovered[] {
    const recovered = this.#guard?.recovered() ?? [];
    if (typeof recovered === 'number') return [];
    return recovered.filter(({ capture }) => uid === undefined || uidOf(capture) === uid);
  }

  /** It is known, and need not be remembered any more. */
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

  async settled(capture: Uint8Array): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; attempt < SETTLE_ATTEMPTS && !signal.aborted;) {
      const result = this.#guard?.done(capture);
      if (result === 0 || result === -ENOENT) return;
      // Its journal leads the next guard to what is open, however late that comes.
      if (result === -EBUSY) attempt += 1;
      else if (result !== undefined) this.check();
      await this.#parts.clock.sleep(SETTLE_EVERY_MS, signal);
    }
  }

  /** Nothing is held any more, and nothing will be. */
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
        this.#parts.log.warn('no guard: nothing is frozen until there is one', { error: errnoName(opened) });
      this.#told = true;
      return;
    }
    this.#guard = opened;
    this.#unanswered = 0;
    this.#told = false;
    const { pid, hasJournal, seesThreads } = opened;
    this.#parts.log.info('guard found', { pid, hasJournal, seesThreads });
    this.#wake();
  }

  #lose(result: number): void {
    this.#parts.log.error('guard lost', { error: errnoName(result) });
    this.#guard?.close();
    this.#guard = undefined;
    this.#open();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
