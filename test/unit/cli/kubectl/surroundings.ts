/**
 * The surroundings of the plugin for unit tests: a terminal that records, a virtual clock, the model of the API server, and a signal
 * that the test sends.
 *
 *     const plugin = new FakePlugin();
 *     plugin.script.onCreated = ({ metadata: { name } }) =>
 *       plugin.later(250, () => plugin.report(name, [['Succeeded', 'True', 'Captured'], ['Finished', 'True', 'Captured']]));
 *     expect(await plugin.run(['checkpoint', 'pod/web-0', '-o', 'name'])).toBe(0);
 *     expect(plugin.stdout).toBe('checkpoint.stasis.dev/web-0-x7k1p\n');
 */
import { conditionsOf, type Fact } from '../../../../src/api/conditions.js';
import { CHECKPOINTS, type Checkpoint, type CheckpointStatus } from '../../../../src/api/kinds.js';
import { COMMANDS } from '../../../../src/cli/kubectl/commands.js';
import type { PluginCommand } from '../../../../src/cli/kubectl/command.js';
import { complete } from '../../../../src/cli/kubectl/complete.js';
import { parsePlugin } from '../../../../src/cli/kubectl/parse.js';
import type { ClusterFlags } from '../../../../src/cli/kubectl/cluster-flags.js';
import type {
  Cluster,
  Connected,
  ExecRequest,
  ExecResult,
  Surroundings,
  Terminal,
} from '../../../../src/cli/kubectl/surroundings.js';
import { KubeModel } from '../../../fake/kube-model.js';
import { ManualClock, settle } from '../../kube/fixtures.js';
import { FakePrograms } from './fake-programs.js';
import { ScriptedApi } from './scripted-api.js';

const LONGEST_RUN = 3 * 3600 * 1000;

export const SERVER = 'api.example.com:6443';

/** Type, status, reason and message of a condition. */
export type Told = readonly [Fact['type'], Fact['status'], string, string?];

export interface FakePluginOptions {
  /** Whether the standard error is a terminal whose progress line is drawn anew. */
  readonly redraws?: boolean;
  readonly color?: boolean;
  /** The number of columns of the standard output, where it is a terminal. */
  readonly width?: number;
  /** The namespace of the kubeconfig's context. */
  readonly namespace?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export class FakePlugin {
  readonly clock = new ManualClock();
  readonly model = new KubeModel(() => this.clock.wall());
  readonly script = new ScriptedApi(this.model);
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The output so far. */
  stdout = '';
  /** The lines on the standard error that are no progress. */
  readonly stderr: string[] = [];
  /** The texts of the progress line, each once in a row. */
  readonly progress: string[] = [];
  /** The flags of each connection. */
  readonly connections: ClusterFlags[] = [];
  /** The connections that were closed. */
  closed = 0;
  /** Why the standard output cannot be written. */
  stdoutFails: string | undefined;
  /** Why there is no connection. */
  connectFails: string | undefined;
  /** Answers `kubectl exec`. */
  exec: (request: ExecRequest) => Promise<ExecResult> = async () =>
    await Promise.resolve({ kind: 'failed', message: 'the test has no exec' });
  /** The programs of this machine. */
  readonly programs = new FakePrograms();
  readonly #ending = new AbortController();
  #listener: ((name: string) => void) | undefined;
  #names = 0;
  /** A mistake of the test itself. */
  #broken: Error | undefined;
  /** A part of the output may end within a character. */
  readonly #decoder = new TextDecoder();
  readonly #options: FakePluginOptions;

  constructor(options: FakePluginOptions = {}) {
    this.#options = options;
    this.environment = options.environment ?? {};
  }

  /** The namespace in which commands work without `-n`. */
  get namespace(): string {
    return this.#options.namespace ?? 'shop';
  }

  /** Runs a command line to its end, in virtual time. Returns the exit status; 2 for a command line that is refused. */
  async run(argv: readonly string[], commands: readonly PluginCommand[] = COMMANDS): Promise<number> {
    return await this.finish(this.start(argv, commands));
  }

  /** Begins to run a command line. The test moves the clock. */
  async start(argv: readonly string[], commands: readonly PluginCommand[] = COMMANDS): Promise<number> {
    const parsed = parsePlugin(argv, '1.2.3', commands);
    switch (parsed.kind) {
      case 'run':
        return await parsed.run(this.surroundings);
      case 'usage-error':
        this.stderr.push(`error: ${parsed.message}`);
        return 2;
      case 'help':
      case 'version':
        this.stdout += parsed.text;
        return 0;
      case 'complete':
        this.stdout += await complete(parsed.program, parsed.words, this.surroundings);
        return 0;
      default:
        return parsed satisfies never;
    }
  }

  /** Moves the clock from timer to timer until the work has ended. Fails where nothing would ever end it, or not within three hours. */
  async finish<T>(work: Promise<T>): Promise<T> {
    const state = { over: false };
    const bound = this.clock.monotonic() + LONGEST_RUN;
    const end = (): void => void (state.over = true);
    work.then(end, end);
    for (let idle = 0; !state.over;) {
      // A module that is loaded on the way takes real time.
      await settle();
      const wait = this.clock.nextIn;
      idle = wait === undefined ? idle + 1 : 0;
      if (this.#broken !== undefined) throw this.#broken;
      if (idle > 200 || this.clock.monotonic() > bound)
        throw new Error(`the command waits for ever: ${this.progress.at(-1)} ${this.stderr.join(' ')}`);
      if (!state.over && wait !== undefined) await this.clock.advance(wait);
    }
    return await work;
  }

  /** Does something after the given time. */
  later(milliseconds: number, action: () => void): void {
    void this.clock
      .sleep(milliseconds)
      .then(action)
      .catch((error: unknown) => (this.#broken = error instanceof Error ? error : new Error(String(error))));
  }

  /** A time so many milliseconds from now, as the agent writes it. */
  time(milliseconds: number): string {
    return new Date(this.clock.wall() + milliseconds).toISOString();
  }

  /** Sends a signal to the plugin. */
  signal(name = 'SIGINT'): void {
    if (this.#listener === undefined) this.#ending.abort(name);
    else this.#listener(name);
  }

  checkpoint(name: string): Checkpoint | undefined {
    return this.model.find(CHECKPOINTS, this.namespace, name);
  }

  /** Plays the controller: sets conditions, and other fields of the status. The conditions of other types stay. */
  report(name: string, told: readonly Told[], more: Omit<CheckpointStatus, 'conditions'> = {}): void {
    const checkpoint = this.checkpoint(name);
    if (checkpoint === undefined) throw new Error(`there is no Checkpoint ${name}`);
    const before = checkpoint.status?.conditions ?? [];
    const facts = told.map(([type, status, reason, message = '']) => ({ type, status, reason, message }) as Fact);
    const time = new Date(this.clock.wall()).toISOString();
    const set = conditionsOf(facts, before, checkpoint.metadata.generation, time);
    const kept = before.filter(({ type }) => !set.some((condition) => condition.type === type));
    const status = { ...checkpoint.status, ...more, conditions: [...kept, ...set] };
    this.model.put(CHECKPOINTS, { ...checkpoint, status });
  }

  get terminal(): Terminal {
    const { redraws = false, color = false, width } = this.#options;
    return {
      redraws,
      output: { color, ...(width === undefined ? {} : { width }) },
      print: async (text) => {
        if (this.stdoutFails === undefined)
          this.stdout += typeof text === 'string' ? text : this.#decoder.decode(text, { stream: true });
        return await Promise.resolve(this.stdoutFails);
      },
      say: async (line) => {
        this.stderr.push(line);
        await Promise.resolve();
      },
      progress: async (text) => {
        if (this.progress.at(-1) !== text) this.progress.push(text);
        await Promise.resolve();
      },
      clearProgress: async () => await Promise.resolve(),
      hurry: () => undefined,
    };
  }

  get cluster(): Cluster {
    return {
      api: this.script.api,
      namespace: this.namespace,
      serverName: SERVER,
      exec: async (request) => await this.exec(request),
      close: async () => {
        this.closed += 1;
        await Promise.resolve();
      },
    };
  }

  get surroundings(): Surroundings {
    return {
      terminal: this.terminal,
      clock: this.clock,
      environment: this.environment,
      version: '1.2.3',
      connect: async (flags): Promise<Connected> => {
        this.connections.push(flags);
        await Promise.resolve();
        if (this.connectFails !== undefined) return { ok: false, message: this.connectFails };
        return { ok: true, cluster: { ...this.cluster, namespace: flags.namespace ?? this.namespace } };
      },
      signal: this.#ending.signal,
      divertSignals: (listener) => {
        this.#listener = listener;
        return () => (this.#listener = undefined);
      },
      programs: this.programs,
      suffix: () => {
        this.#names += 1;
        return `x7k${this.#names}p`;
      },
    };
  }
}
