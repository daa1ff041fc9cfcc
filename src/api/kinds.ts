/** The two kinds of `stasis.dev/v1alpha1`, and the names that controller, node agent and chart agree on. */
import type { Checkpoint } from './generated/checkpoint.js';
import type { PodCapture } from './generated/podcapture.js';

export type { Checkpoint, CheckpointPod, CheckpointSpec, CheckpointStatus, Condition } from './generated/checkpoint.js';
export type {
  Artifact,
  CaptureContainer,
  PodCapture,
  PodCaptureSpec,
  PodCaptureStatus,
  Timings,
} from './generated/podcapture.js';

export const GROUP = 'stasis.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** Where a kind lives in the API. */
export interface KindOf<T> {
  readonly group: typeof GROUP;
  readonly version: typeof VERSION;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: true;
  /** Never set: it ties the place to the type of what lives there. */
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
 * On every PodCapture from its creation until its end has been copied to the Checkpoint, and on a Checkpoint that holds:
 * neither goes before the pod is let go. The controller alone sets and removes it.
 */
export const RELEASE_FINALIZER = 'stasis.dev/release';

/** Field managers of server-side apply, one a writer. */
export const CONTROLLER_MANAGER = 'stasis-controller';
export const NODE_AGENT_MANAGER = 'stasis-node-agent';

/** `status.claimedBy` where the controller ends a capture whose agent was lost before it began. */
export const CLAIMED_BY_CONTROLLER = 'controller';

/** Name of the Lease that a node's agent renews, in Stasis's own namespace. The admission policy compares it. */
export function heartbeatLeaseName(nodeName: string): string {
  return `stasis-node-${nodeName}`;
}
