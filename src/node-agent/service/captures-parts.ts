/** What the captures of a node need from the rest of the agent. Types only. */
import type { PodCapture } from '../../api/kinds.js';
import type { GuardOutcome } from '../../native/guard.js';
import type { ContainerTarget } from '../pure/container-target.js';
import type { Failure } from '../pure/failure.js';
import type { CarriedOut, CarryOutParts } from './carry-out.js';
import type { DeliveryParts } from './deliver.js';

export interface CaptureObserver {
  /** The capture may freeze these cgroups from now on. */
  targets(uid: string, containers: readonly ContainerTarget[]): void;
  /** A capture that this process began has ended, and the pod is released as far as possible. */
  ended(uid: string, ended: CarriedOut): void;
  /** A capture was ended without having begun here. */
  refused(reason: Failure['reason']): void;
  /** Cgroups of a capture that an earlier agent began are frozen: that agent left them so, or somebody froze them since. */
  foundFrozen(targets: readonly ContainerTarget[]): void;
  /** A guard handled a freezer in place of an agent. */
  recovered(outcome: GuardOutcome): void;
}

export interface CapturesParts extends CarryOutParts, DeliveryParts {
  /** UID of this agent's pod. */
  readonly me: string;
  /** Most captures at a time that have not reached their hold. */
  readonly maxConcurrentCaptures: number;
  /** Most pods that are held at a time. */
  readonly maxConcurrentHolds: number;
  /** Whether the heartbeat could not be renewed for so long that nothing may be held. */
  readonly isCutOff: () => boolean;
  /** All known PodCaptures, as the watch and the answers to this agent's writes show them. */
  readonly list: () => readonly PodCapture[];
  /** This object no longer exists, whatever the watch still shows. */
  readonly forget: (object: PodCapture) => void;
  readonly observer: CaptureObserver;
  /** Ends this process, when only its end frees what the kernel still holds. */
  readonly die: () => void;
}
