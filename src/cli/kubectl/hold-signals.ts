/** The signals from the creation of a hold until its pod is let go: none of them keeps the release from being sent. */
import { after } from '../../kube/abort.js';
import type { LocalEnd, Running } from './programs.js';
import type { Surroundings } from './surroundings.js';

/** A command that was told to end, and does not, is waited for so long. Then the pod is let go, and the command goes on. */
export const PATIENCE_MILLISECONDS = 10_000;
/**
 * A signal that ends the command, or the waiting, comes to the plugin several times: from a terminal that is closed and from its
 * shell, or from a person whose finger stays on the key. Within this time it is one signal.
 */
const SAME_SIGNAL_MILLISECONDS = 1_000;
/** The signals of the keys of a terminal, which sends them to the command as well. Only these are certain to come from a person. */
const FROM_KEYS: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

export type Outcome = LocalEnd | { readonly kind: 'deaf' };

export class HoldSignals {
  readonly #surroundings: Pick<Surroundings, 'clock' | 'terminal'>;
  readonly #restore: () => void;
  readonly #first = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #hurry = new AbortController();
  readonly #deaf = new AbortController();
  readonly #commandOver = new AbortController();
  #running: Running | undefined;
  #hasTerminal = true;
  /** Since when the pod is released, or nobody wants it to be held. */
  #releasingSince: number | undefined;
  #isTold = false;
  #isWarned = false;

  constructor(surroundings: Pick<Surroundings, 'clock' | 'terminal' | 'signal' | 'divertSignals'>) {
    this.#surroundings = surroundings;
    this.#restore = surroundings.divertSignals((name) => this.#take(name));
    const { signal } = surroundings;
    if (signal.aborted) this.#take(String(signal.reason));
  }

  /** Aborts with the first signal that comes before the command has started. The reason is its name. */
  get signal(): AbortSignal {
    return this.#first.signal;
  }

  /** Aborts when a person insists on leaving the pod as it is, after a line that says what that means. */
  get giveUp(): AbortSignal {
    return this.#giveUp.signal;
  }

  /** Aborts with a signal that comes while the pod is released. */
  get hurry(): AbortSignal {
    return this.#hurry.signal;
  }

  /** Signals have their own effect again. */
  restore(): void {
    this.#commandOver.abort();
    this.#restore();
  }

  /** Waits for what ends first: the command, or the patience after it was told to end. */
  async awaitEnd(running: Running, hasTerminal: boolean): Promise<Outcome> {
    this.#running = running;
    this.#hasTerminal = hasTerminal;
    const deaf = new Promise<Outcome>((resolve) => {
      this.#deaf.signal.addEventListener('abort', () => resolve({ kind: 'deaf' }), { once: true });
    });
    const outcome = await Promise.race([running.ended, deaf]);
    if (outcome.kind === 'deaf') running.leave();
    // A timer that is left would keep the plugin from ending.
    this.#commandOver.abort();
    this.#running = undefined;
    this.#releasingSince = this.#surroundings.clock.monotonic();
    return outcome;
  }

  #take(name: string): void {
    const { clock } = this.#surroundings;
    if (this.#running !== undefined) this.#pass(this.#running, name);
    else if (this.#releasingSince === undefined) {
      this.#releasingSince = clock.monotonic();
      this.#first.abort(name);
    } else if (clock.monotonic() - this.#releasingSince > SAME_SIGNAL_MILLISECONDS) this.#insist(name);
  }

  #pass(running: Running, name: string): void {
    if (this.#hasTerminal && FROM_KEYS.has(name)) return;
    running.send(name);
    if (this.#isTold) return;
    this.#isTold = true;
    void after(this.#surroundings.clock, PATIENCE_MILLISECONDS, this.#commandOver.signal, () => this.#deaf.abort());
  }

  #insist(name: string): void {
    const { terminal } = this.#surroundings;
    this.#hurry.abort();
    if (!FROM_KEYS.has(name)) return;
    if (this.#isWarned) {
      this.#giveUp.abort();
      return;
    }
    this.#isWarned = true;
    const line =
      'the pod is not let go yet; the same key once more ends this, and leaves it held until its time is over';
    terminal.say(line).catch(() => undefined);
  }
}
