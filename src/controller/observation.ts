/**
 * The observation of one visit to a Checkpoint: everything on which the decision rests, and nothing else. Types only. Pure.
 */
import type { Checkpoint, PodCapture } from '../api/kinds.js';
import type { KubeNode, Pod } from './resources.js';

/** The state of a node's agent, judged by its heartbeat Lease. */
export type AgentState =
  /** The agent renews its Lease. */
  | 'Alive'
  /** This process cannot know: it has just begun, or it is cut off from the API server. */
  | 'Unknown'
  /**
   * The agent gave up its Lease or never had one: it is being replaced, or was never installed. No capture can be sent
   * to it now.
   */
  | 'Away'
  /**
   * The agent did not renew for longer than the duration of its Lease, although this process could have seen a renewal,
   * or it was Away for as long. It will report nothing more.
   */
  | 'Lost';

/**
 * What a watch shows of one object: nothing is known before its first list; then the object is known, or its absence.
 */
export type Watched<T> = { readonly known: false } | { readonly known: true; readonly object: T | undefined };

/** A running capture of the same pod, or a Checkpoint of the same pod that was created earlier and waits. */
export interface Predecessor {
  readonly kind: 'Checkpoint' | 'PodCapture';
  readonly name: string;
}

interface Visit {
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A Checkpoint that is not dispatched yet. Checkpoint and pod were read from the server for this visit. */
export interface Undispatched extends Visit {
  readonly stage: 'Undispatched';
  readonly checkpoint: Checkpoint;
  /** The name of its PodCapture, existing or future. */
  readonly captureName: string;
  readonly pod: Pod | undefined;
  /** The state of the agent on the pod's node. */
  readonly agent: AgentState;
  readonly predecessor: Predecessor | undefined;
  /** The handler of the pod's RuntimeClass; undefined when the pod names none. */
  readonly runtimeHandler: string | undefined;
  /** Milliseconds since this process last wrote the status; undefined when it has not. */
  readonly shownFor: number | undefined;
  readonly settings: Settings;
}

/**
 * A Checkpoint that was visited before and still waits for others of its pod, or whose deadline is over. Nothing was read
 * for this visit.
 */
export interface Queued extends Visit {
  readonly stage: 'Queued';
  readonly checkpoint: Checkpoint;
}

/** The API server denied the PodCapture a moment ago. Nothing was read for this visit, whatever woke the Checkpoint. */
export interface Denied extends Visit {
  readonly stage: 'Denied';
  readonly checkpoint: Checkpoint;
  /** Milliseconds since the denial. */
  readonly deniedFor: number;
}

/**
 * The Checkpoint was deleted and made again under its name, and only the server knew. This visit has the lock of the pod
 * that the former one was about, so it does nothing, and the next visit takes the right lock.
 */
export interface Replaced extends Visit {
  readonly stage: 'Replaced';
  readonly checkpoint: Checkpoint;
}

/** A Checkpoint that was dispatched, has ended, or is being deleted. */
export interface Settled extends Visit {
  readonly stage: 'Settled';
  readonly checkpoint: Checkpoint;
  readonly captureName: string;
  /** Undefined: the server has no PodCapture for the Checkpoint. */
  readonly capture: PodCapture | undefined;
  /** The state of the agent on the capture's node; 'Alive' without a capture. */
  readonly agent: AgentState;
  /** Milliseconds since this process created the PodCapture; undefined when it was not this process. */
  readonly dispatchedFor: number | undefined;
  /** Pod and node are watched only during a hold. */
  readonly pod: Watched<Pod>;
  readonly node: Watched<KubeNode>;
  /** This process has seen the node schedulable since it follows this hold. If it is not any more, it was cordoned since. */
  readonly nodeWasSchedulable: boolean;
  /** The namespace has so many younger Checkpoints that have ended that this one goes. */
  readonly isExcess: boolean;
  readonly settings: Settings;
}

/** A PodCapture whose Checkpoint no longer exists. */
export interface Orphan extends Visit {
  readonly stage: 'Orphan';
  readonly capture: PodCapture;
  readonly agent: AgentState;
}

export type Observation = Queued | Denied | Replaced | Undispatched | Settled | Orphan;

/** The settings of the installation. */
export interface Settings {
  /** Stasis's own namespace. */
  readonly namespace: string;
  /** Names of namespaces whose pods are never held; `*` in a name stands for any characters. */
  readonly excludedNamespaces: readonly string[];
  /** For Checkpoints without ttlSecondsAfterFinished; undefined: they stay. */
  readonly defaultTTLSeconds: number | undefined;
  /** How many Checkpoints that have ended are kept in each namespace; undefined: all. */
  readonly historyLimit: number | undefined;
  /** RuntimeClass handlers whose processes the node does not see; `*` stands for any characters. */
  readonly sandboxedRuntimeHandlers: readonly string[];
}
