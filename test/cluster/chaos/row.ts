/** A row of docs/safety.md that concerns a part of the cluster: what is done to it, and what must hold afterwards. */
import type { Checkpoint } from '../../../src/api/kinds.js';
import type { Random } from '../../chaos/random.js';
import type { Cluster } from '../harness/cluster.js';
import type { Container } from '../e2e/pods.js';
import type { World } from '../e2e/world.js';
import type { Agent } from './agent.js';
import type { Site, Version } from './site.js';
import type { Target } from './target.js';

/**
 * When a trial strikes: in a hold, at an instant spread over the life of a short capture, or as soon as its freezer is
 * seen closed.
 */
export type Moment = 'hold' | 'anywhere' | 'frozen';

/** The parts that stay the same for all trials on one node. */
export interface Ground {
  readonly cluster: Cluster;
  readonly world: World;
  readonly site: Site;
  /** The sites of all nodes. */
  readonly sites: readonly Site[];
}

export interface Scene extends Ground {
  readonly target: Target;
  readonly agent: Agent;
  readonly random: Random;
  readonly moment: Moment;
  /** The capture's hold in seconds; 0 without a hold. */
  readonly holdSeconds: number;
  /** When the pod was first seen held. */
  readonly heldAt: bigint | undefined;
}

export interface Row {
  readonly name: string;
  /** The row's text in docs/safety.md. */
  readonly row: string;
  /** The bound in milliseconds. */
  readonly bound: number;
  /** Default: half of the trials in a hold, the others alternating between the two other moments. */
  readonly moments?: readonly Moment[];
  readonly versions?: readonly Version[];
  /** The hold of captures that hold, in seconds. Default: far beyond every bound. */
  readonly holdSeconds?: number;
  readonly timeoutSeconds?: number;
  /**
   * The reasons with which the Checkpoint may end, where the pod was held and where it was not. Undefined: the reason
   * is not checked.
   */
  readonly reasons?: Reasons;
  /** The pod does not survive the harm, and its heart need not beat again. */
  readonly endsPod?: true;
  /** Further containers besides the heart, in a pod that is created for each trial. */
  readonly others?: readonly Container[];
  /** Called before the Checkpoint is created. */
  prepare?(ground: Ground): Promise<void>;
  /** Undoes prepare() and everything that does not heal by itself, even when the trial did not get that far. */
  restore?(ground: Ground): Promise<void>;
  /** Does the harm. Returns the moment from which the time counts, which may lie in the future. */
  harm(scene: Scene): Promise<bigint>;
  /** Runs while the time is measured. The trial waits for it before it goes on. */
  during?(scene: Scene): Promise<void>;
  /** Called once everything is released. */
  mend?(scene: Scene): Promise<void>;
  /** Called once the Checkpoint has ended. Returns further violations of the promise. */
  check?(scene: Scene, checkpoint: Checkpoint): Promise<readonly string[]>;
}

export interface Reasons {
  readonly held: readonly string[];
  readonly short: readonly string[];
}
