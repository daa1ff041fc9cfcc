/** Lets a test schedule actions and faults at certain calls, and logs all calls. */

/** The calls of the seam. They are counted, cost time, and can be made to fail. */
export type CallName =
  | 'sleep'
  | 'open'
  | 'close'
  | 'pread'
  | 'write'
  | 'pollEvent'
  | 'readInto'
  | 'readlinkInto'
  | 'list'
  | 'directories'
  | 'seize'
  | 'interrupt'
  | 'detach'
  | 'eventMessage'
  | 'peek'
  | 'reap';

/** A call that is about to happen. Descriptors are replaced by the paths that they were opened with. */
export interface Call {
  /** Number among all calls, from 1. */
  readonly number: number;
  readonly name: CallName;
  /** Number among the calls of this name, from 1. */
  readonly nth: number;
  readonly args: readonly (string | number)[];
}

/** A call that has happened. */
export interface LoggedCall extends Call {
  /** The result; for a list, its length. */
  readonly result: number;
  /** The virtual time in microseconds at which the call began. */
  readonly at: number;
}

/** Selects calls: the nth call of all, the nth of a name (by default the first), or all that a predicate accepts. */
export type When = number | { readonly name: CallName; readonly nth?: number } | ((call: Call) => boolean);

interface Action {
  readonly matches: (call: Call) => boolean;
  readonly run: (call: Call) => void;
  readonly always: boolean;
  done: boolean;
}

interface Fault {
  readonly name: CallName;
  readonly nth: number | 'every';
  readonly errno: number;
  readonly where: (call: Call) => boolean;
  seen: number;
}

export class Script {
  readonly log: LoggedCall[] = [];
  readonly #before: Action[] = [];
  readonly #after: Action[] = [];
  readonly #faults: Fault[] = [];
  readonly #counts = new Map<CallName, number>();
  #calls = 0;

  /** Runs `run` once, right before the call. */
  at(when: When, run: (call: Call) => void): void {
    this.#before.push({ matches: matcher(when), run, always: false, done: false });
  }

  /** Runs `run` once, right after the call. */
  after(when: When, run: (call: Call) => void): void {
    this.#after.push({ matches: matcher(when), run, always: false, done: false });
  }

  /** Runs `run` before each such call. */
  always(when: When, run: (call: Call) => void): void {
    this.#before.push({ matches: matcher(when), run, always: true, done: false });
  }

  /**
   * Makes the nth call of that name do nothing and return -errno. It is counted from now on, among the calls that
   * `where` accepts.
   */
  fail(name: CallName, nth: number | 'every', errno: number, where: (call: Call) => boolean = () => true): void {
    this.#faults.push({ name, nth, errno, where, seen: 0 });
  }

  /** Counts the call, and runs the actions that were scheduled before it. */
  begin(name: CallName, args: readonly (string | number)[]): Call {
    this.#calls += 1;
    const nth = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, nth);
    const call: Call = { number: this.#calls, name, nth, args };
    fire(this.#before, call);
    return call;
  }

  /** Returns the negative errno with which the call must fail, or undefined. */
  fault(call: Call): number | undefined {
    let failing: number | undefined;
    for (const fault of this.#faults) {
      if (fault.name !== call.name || !fault.where(call)) continue;
      fault.seen += 1;
      if (fault.nth === 'every' || fault.nth === fault.seen) failing = -fault.errno;
    }
    return failing;
  }

  end(call: Call, result: number, at: number): void {
    this.log.push({ ...call, result, at });
    fire(this.#after, call);
  }
}

function matcher(when: When): (call: Call) => boolean {
  if (typeof when === 'function') return when;
  if (typeof when === 'number') return (call) => call.number === when;
  return (call) => call.name === when.name && call.nth === (when.nth ?? 1);
}

function fire(actions: readonly Action[], call: Call): void {
  for (const action of actions) {
    if (action.done || !action.matches(call)) continue;
    // The action is marked as done before it runs, because it may make calls itself.
    action.done = !action.always;
    action.run(call);
  }
}
