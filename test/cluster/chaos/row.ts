/** A row of the promise that names a part of the cluster: what is done, and what must hold then. */
import type { Checkpoint } from '../../../src/api/kinds.js';
import type { Random } from '../../chaos/random.js';
import type { Cluster } from '../harness/cluster.js';
import type { Container } from '../e2e/pods.js';
import type { World } from '../e2e/world.js';
import type { Agent } from './agent.js';
import type { Site, Version } from './site.js';
import type { Target } from './target.js';

/** In a hold; at an instant spread over the life of a short capture; or as soon as its freezer is seen closed. */
export type Moment = 'hold' | 'anywhere' | 'frozen';

/** What does not change between trials on one node. */
export interface Ground {
  readonly cluster: Cluster;
  readonly world: World;
  readonly site: Site;
  /** Of all nodes. */
  readonly sites: readonly Site[];
}

export interface Scene extends Ground {
  readonly target: Target;
  readonly agent: Agent;
  readonly random: Random;
  readonly moment: Moment;
  /** Of the capture; 0 without a hold. */
  readonly holdSeconds: number;
  /** When the pod was first seen held. */
  readonly heldAt: bigint | undefined;
}

export interface Row {
  readonly name: string;
  /** As issue and docs/safety.md have it. */
  readonly row: string;
  /** Milliseconds. */
  readonly bound: number;
  /** Default: half in a hold, the rest in the two other ways in turn. */
  readonly moments?: readonly Moment[];
  readonly versions?: readonly Version[];
  /** Of those captures that hold. Default: far beyond every bound. */
  readonly holdSeconds?: number;
  readonly timeoutSeconds?: number;
  /** With which the Checkpoint may end, where it was held, and where it was not. Undefined: it is not asked for. */
  readonly reasons?: Reasons;
  /** The pod does not outlive it, and its heart need not beat again. */
  readonly endsPod?: true;
  /** Beside the heart, in a pod that is made anew for each trial. */
  readonly others?: readonly Container[];
  /** Before the Checkpoint is made. */
  prepare?(ground: Ground): Promise<void>;
  /** Undoes it, and what does not heal by itself; also when the trial did not come so far. */
  restore?(ground: Ground): Promise<void>;
  /** Does it. Returns when the clock began; that may be yet to come. */
  harm(scene: Scene): Promise<bigint>;
  /** What goes on while the time is taken. It is waited for before anything else is done. */
  during?(scene: Scene): Promise<void>;
  /** Once all is free. */
  mend?(scene: Scene): Promise<void>;
  /** Once it has ended: what is not as promised besides. */
  check?(scene: Scene, checkpoint: Checkpoint): Promise<readonly string[]>;
}

export interface Reasons {
  readonly held: readonly string[];
  readonly short: readonly string[];
}
