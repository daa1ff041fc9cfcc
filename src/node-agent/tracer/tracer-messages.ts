/** The messages between the main thread and a tracing thread. Plain data. */
import type { Fault } from '../capture/fault-points.js';
import type { RawCapture } from '../capture/raw-capture.js';
import type { CaptureReport } from '../report/report.js';
import type { ContainersRequest, ContainersResolution } from '../resolve/containers.js';
import type { ResolveRoots } from '../resolve/request.js';
import type { CaptureRequest } from '../capture/session.js';

/** Handed over when the thread starts. */
export interface TracerData {
  readonly board: SharedArrayBuffer;
  /** Set in tests alone. */
  readonly fault: Fault | undefined;
  /** The thread practises before it is ready. */
  readonly practises: boolean;
  /** The `ownFreezer` of {@link ./guard-supply.ts}. */
  readonly ownFreezer: string | undefined;
}

/** The connection to the guard that the thread has for this capture. */
export interface GuardSocket {
  /** -errno: there is none. */
  readonly fd: number;
  /** The thread has not said hello on this connection yet. */
  readonly isNew: boolean;
}

export type ToTracer =
  | {
      readonly kind: 'capture';
      readonly request: CaptureRequest;
      readonly captureId: Uint8Array;
      readonly guard: GuardSocket;
    }
  /** Make the report of a capture whose thread has ended since. */
  | { readonly kind: 'report'; readonly proc: string; readonly raw: RawCapture }
  /** Look without touching. */
  | { readonly kind: 'preflight'; readonly request: CaptureRequest }
  /** Find the cgroups of a pod's containers. */
  | { readonly kind: 'resolve'; readonly request: ContainersRequest; readonly roots: ResolveRoots };

export type FromTracer =
  | { readonly kind: 'ready' }
  /** Every task is released. The report follows. */
  | { readonly kind: 'released' }
  /** The thread ends now, which releases the last tasks. Another thread has to make the report. */
  | { readonly kind: 'ending'; readonly raw: RawCapture }
  | { readonly kind: 'reported'; readonly report: CaptureReport }
  | { readonly kind: 'resolved'; readonly resolution: ContainersResolution };
