/** The two kinds of `stasis.dev/v1alpha1`, and the names that controller, node agent and chart agree on. */
import type { Checkpoint } from './generated/checkpoint.js';
import type { PodCapture } from './generated/podcapture.js';

export type {
  Checkpoint,
  CheckpointHold,
  CheckpointPod,
  CheckpointSpec,
  CheckpointStatus,
  Condition,
} from './generated/checkpoint.js';
export type {
  Artifact,
  CaptureContainer,
  CaptureHold,
  PodCapture,
  PodCaptureSpec,
  PodCaptureStatus,
  Timings,
} from './generated/podcapture.js';

export const GROUP = 'stasis.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** The group, version and name under which the API serves a kind. */
export interface KindOf<T> {
  readonly group: typeof GROUP;
  readonly version: typeof VERSION;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: true;
  /** Never set. The field ties this description to the TypeScript type of the kind's objects. */
  readonly objectType?: T;
}

export const CHECKPOINTS: KindOf<Checkpoint> = {
  group: GROUP,
  version: VERSION,
  plural: 'checkpoints',
  kind: 'Checkpoint',
  namespaced: true,
};

export const PODCAPTURES: KindOf<PodCapture> = {
  group: GROUP,
  version: VERSION,
  plural: 'podcaptures',
  kind: 'PodCapture',
  namespaced: true,
};

/**
 * The controller puts this finalizer on every PodCapture when it creates it, and removes it once it has copied the
 * capture's end to the Checkpoint. A Checkpoint carries the finalizer while it may hold its pod. So neither object
 * disappears before the pod is released. Only the controller sets and removes the finalizer.
 */
export const RELEASE_FINALIZER = 'stasis.dev/release';

/** The field managers of server-side apply: one per writer. */
export const CONTROLLER_MANAGER = 'stasis-controller';
export const NODE_AGENT_MANAGER = 'stasis-node-agent';

/**
 * The controller writes this into `status.claimedBy` when it ends a capture whose agent was lost before the capture
 * began.
 */
export const CLAIMED_BY_CONTROLLER = 'controller';

/**
 * The name of the Lease that a node's agent renews in Stasis's own namespace. An admission policy checks the same name.
 */
export function heartbeatLeaseName(nodeName: string): string {
  return `stasis-node-${nodeName}`;
}
