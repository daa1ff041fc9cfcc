/** The surroundings that a command of the plugin may use: the terminal, the cluster, the clock. Tests pass their own. Types only. */
import type { KubeApi } from '../../kube/api.js';
import type { Clock } from '../../kube/clock.js';
import type { ExecRequest, ExecResult } from '../../kube/exec.js';
import type { RenderOptions } from '../render-line.js';
import type { ClusterFlags } from './cluster-flags.js';
import type { Programs } from './programs.js';

export type { ExecRequest, ExecResult } from '../../kube/exec.js';

/** The two standard streams. Text for the standard output ends in a newline, and bytes are written as they are; other texts are single lines without one. */
export interface Terminal {
  /** Writes the result. Returns why the standard output cannot be written, and undefined when all of it was. */
  print(text: string | Uint8Array): Promise<string | undefined>;
  /** Writes one line to the standard error, below a progress line if there is one. */
  say(line: string): Promise<void>;
  /**
   * Shows where a long command stands, on the standard error. A terminal has one line for it, which is drawn anew; elsewhere each
   * text is a line of its own, and a text that is the same as the last one is not written again.
   */
  progress(text: string): Promise<void>;
  /** Removes the progress line of a terminal. */
  clearProgress(): Promise<void>;
  /** From now on, nothing waits longer than a moment for a reader of the standard error; what it does not take is dropped. */
  hurry(): void;
  /** How the standard output is drawn. There is no width where it is no terminal. */
  readonly output: RenderOptions;
  /** Whether the progress line is drawn anew. */
  readonly redraws: boolean;
}

/** A connection to the API server. */
export interface Cluster {
  readonly api: KubeApi;
  /** The namespace of the flag, of the kubeconfig's context, or `default`, in this order. */
  readonly namespace: string;
  /** Host and port of the API server, for messages. */
  readonly serverName: string;
  /** Runs a command in a container, as `kubectl exec` does. */
  exec(request: ExecRequest): Promise<ExecResult>;
  close(): Promise<void>;
}

export type Connected =
  | { readonly ok: true; readonly cluster: Cluster }
  /** The message is one line for people. */
  | { readonly ok: false; readonly message: string };

export interface Surroundings {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Version of the plugin. */
  readonly version: string;
  /** Prepares a connection. No request is sent yet. */
  connect(flags: ClusterFlags): Promise<Connected>;
  /** Aborts with the first signal that asks the plugin to end. The reason is the signal's name, such as `SIGINT`. */
  readonly signal: AbortSignal;
  /** From now on, signals are told to the listener, and do not abort `signal`. The result ends that. */
  divertSignals(listener: (name: string) => void): () => void;
  /** The programs of this machine. */
  readonly programs: Programs;
  /** Five characters that make the name of an object a new one. */
  suffix(): string;
}
