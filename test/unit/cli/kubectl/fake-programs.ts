/** The programs of this machine, for unit tests: a test says whether a program starts, and when and how it ends. */
import type { LocalCommand, LocalEnd, Programs, Running } from '../../../../src/cli/kubectl/programs.js';

export class FakePrograms implements Programs {
  /** The programs that were started. */
  readonly started: LocalCommand[] = [];
  /** The signals that were sent to it. */
  readonly sent: string[] = [];
  /** Whether the plugin went on without waiting for its end. */
  left = false;
  terminal = true;
  /** The answer to the question whether the program could be started. */
  unstartable: Extract<LocalEnd, { kind: 'unstarted' }> | undefined;
  /** Called when a program starts. */
  onStart: (end: (how: LocalEnd) => void) => void = (end) => end({ kind: 'exited', status: 0 });
  /** Called with each signal. */
  onSignal: (name: string) => void = () => undefined;
  #end: (how: LocalEnd) => void = () => undefined;

  /** Ends the program that runs. */
  end(how: LocalEnd): void {
    this.#end(how);
  }

  async hasTerminal(): Promise<boolean> {
    return await Promise.resolve(this.terminal);
  }

  async check(): Promise<Extract<LocalEnd, { kind: 'unstarted' }> | undefined> {
    return await Promise.resolve(this.unstartable);
  }

  start(command: LocalCommand): Running {
    this.started.push(command);
    const ended = new Promise<LocalEnd>((resolve) => {
      this.#end = resolve;
    });
    this.onStart((how) => this.#end(how));
    return {
      ended,
      send: (name) => {
        this.sent.push(name);
        this.onSignal(name);
      },
      leave: () => {
        this.left = true;
      },
    };
  }
}
