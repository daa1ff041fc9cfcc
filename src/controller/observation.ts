/** What one visit to a Checkpoint knows. Everything that a decision rests on, and nothing else. Types only. */
import type { Checkpoint, PodCapture } from '../api/kinds.js';
import type { KubeNode, Pod } from './resources.js';

/** What is known of the agent of a node, by its heartbeat lease. */
export type AgentState =
  /** It renews its lease. */
  | 'Alive'
  /** It gave its lease up, or has none: it is being replaced, or was never there. Nothing can be sent there now. */
  | 'Away'
  /** It gave no sign for longer than its lease lasts, or stayed away as long. What it had will not be reported. */
  | 'Lost';

/** What a single-object watch knows: nothing before its first list, then the object or that there is none. */
export type Watched<T> = { readonly known: false } | { readonly known: true; readonly object: T | undefined };

/** A capture of the same pod, or a Checkpoint that waits for it, which comes before this one. */
export interface Predecessor {
  readonly kind: 'Checkpoint' | 'PodCapture';
  readonly name: string;
}

interface Visit {
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A Checkpoint that is not dispatched yet: all facts are of this moment, read from the server. */
export interface Undispatched extends Visit {
  readonly stage: 'Undispatched';
  readonly checkpoint: Checkpoint;
  /** The name that its PodCapture has, or will have. */
  readonly captureName: string;
  readonly pod: Pod | undefined;
  /** Of the pod's node. */
  readonly agent: AgentState;
  readonly predecessor: Predecessor | undefined;
  readonly settings: Settings;
}

/** A Checkpoint that was dispatched, has ended, or is to go. */
export interface Settled extends Visit {
  readonly stage: 'Settled';
  readonly checkpoint: Checkpoint;
  readonly captureName: string;
  /** Undefined: there is none on the server. */
  readonly capture: PodCapture | undefined;
  /** Of the capture's node; 'Alive' without a capture. */
  readonly agent: AgentState;
  /** Only followed during a hold. */
  readonly pod: Watched<Pod>;
  readonly node: Watched<KubeNode>;
}

/** A PodCapture whose Checkpoint is gone. */
export interface Orphan extends Visit {
  readonly stage: 'Orphan';
  readonly capture: PodCapture;
  readonly agent: AgentState;
}

export type Observation = Undispatched | Settled | Orphan;

/** What the operator of the cluster has settled. */
export interface Settings {
  /** Stasis's own namespace. */
  readonly namespace: string;
  readonly excludedNamespaces: readonly string[];
}
