/** The way of one capture from its claim to its report. */
import type { PodCapture } from '../../api/kinds.js';
import { after } from '../../kube/abort.js';
import { describeError } from '../../kube/result.js';
import { failure, type Failure } from '../pure/failure.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { wallTime } from '../pure/wall-clock.js';
import { emptyReport } from '../report/empty-report.js';
import { leftFrozen } from './as-found.js';
import type { CaptureRun } from './capture-run.js';
import type { CapturesParts } from './captures-parts.js';
import { carryOut, type CarriedOut, type Watchers } from './carry-out.js';
import { claimCapture } from './claim.js';
import { deliverEnd } from './deliver-end.js';
import { deliver, type Delivered } from './deliver.js';
import { ProgressReport } from './progress-report.js';
import {
  bareEndStatus,
  capturingStatus,
  claimOf,
  endReason,
  endStatus,
  holdingStatus,
  storingStatus,
  waitingStatus,
  type Claim,
} from './status.js';

/** Steps of a capture that the rest of the agent has to know of. */
export interface Milestones {
  /** This process carries out the capture, and nobody else will. */
  readonly claimed: () => void;
  /** The pod is held until `signal` aborts. */
  readonly holding: (object: PodCapture, signal: AbortSignal) => void;
  /** A slot may be free for the next capture. */
  readonly slotFree: () => void;
}

export type WayEnded =
  | { readonly kind: 'reported'; readonly delivered: Delivered }
  /** Somebody else has claimed or ended the capture. */
  | { readonly kind: 'lost' }
  /** The capture no longer exists. */
  | { readonly kind: 'gone' }
  /** The claim was not accepted, and is to be sent again. With `isUnsure` it may take effect all the same. */
  | { readonly kind: 'refused'; readonly isUnsure: boolean; readonly retryAfterSeconds: number };

/**
 * How long the last report may take, in milliseconds, before the process kills itself to free the tasks that it cannot
 * release.
 */
const LAST_WORDS_MS = 1_000;
/** How often a claimed capture looks whether the heartbeat was renewed, in milliseconds. */
const CUT_OFF_LOOK_MS = 200;
/** A shorter wait for the guard or the disk is not worth a write, in milliseconds. */
const TELL_WAIT_AFTER_MS = 500;

export async function claimAndCarryOut(
  parts: CapturesParts,
  unclaimed: PodCapture,
  run: CaptureRun,
  milestones: Milestones,
): Promise<WayEnded> {
  const { me, lastCall, observer, clock, isCutOff, log } = parts;
  const startTime = nowOf(parts);
  const status = capturingStatus(claimOf(unclaimed, me, startTime));
  const claimed = await claimCapture(parts, unclaimed, status, lastCall);
  if (claimed.kind === 'lost' || claimed.kind === 'gone') return claimed;
  if (claimed.kind === 'refused') {
    const { error, isUnsure } = claimed;
    log.warn('capture not claimed yet', { name: run.name, error: describeError(error) });
    return { kind: 'refused', isUnsure, retryAfterSeconds: error.retryAfterSeconds ?? 0 };
  }
  milestones.claimed();
  const { object } = claimed;
  // If an earlier attempt made the claim and its answer was lost, the capture began then.
  let claim = claimOf(object, me, startTime);
  // The heartbeat may have expired before the answer to the claim arrived.
  while (isCutOff() && !run.cancelled) await clock.sleep(CUT_OFF_LOOK_MS, run.signal);
  run.begin();
  const { hold } = object.spec;
  if (hold?.releaseReason !== undefined) run.release(hold.releaseReason);
  const progress = new ProgressReport(parts, object);
  let holdUntil: string | undefined;
  const [held, stored] = [new AbortController(), new AbortController()];
  const ended = await carryOutOrFail(parts, object, run, claim.startTime, {
    onWait: waitTeller(parts, claim, progress),
    onRead: (read) =>
      void after(clock, TELL_WAIT_AFTER_MS, stored.signal, () =>
        progress.tell(storingStatus(claim, read, nowOf(parts))),
      ),
    onTargets: (containers) => observer.targets(run.uid, containers),
    onHold: (heldFrom) => {
      const isFirst = run.phase !== 'holding';
      run.holdBegan();
      if (run.released || run.cancelled) return;
      holdUntil ??= wallTime(1000 * clock.wall() + run.holdMicroseconds);
      const from = heldFrom === undefined ? {} : { heldFrom: wallTime(heldFrom) };
      const holding = holdingStatus(claim, { ...from, holdUntil }, nowOf(parts));
      claim = { ...claim, conditions: holding.conditions ?? [] };
      progress.tell(holding);
      if (!isFirst) return;
      milestones.holding(object, held.signal);
      milestones.slotFree();
    },
  });
  held.abort();
  stored.abort();
  run.letGo();
  observer.ended(run.uid, ended);
  milestones.slotFree();
  await progress.end();
  return { kind: 'reported', delivered: await report(parts, object, ended, claim, run) };
}

/** Tells a wait that lasts, and afterwards that the capture goes on. */
function waitTeller(parts: CapturesParts, claim: Claim, progress: ProgressReport): Watchers['onWait'] {
  let pending = new AbortController();
  let isTold = false;
  return (why) => {
    pending.abort();
    pending = new AbortController();
    if (why !== undefined)
      void after(parts.clock, TELL_WAIT_AFTER_MS, pending.signal, () => {
        isTold = true;
        progress.tell(waitingStatus(claim, why));
      });
    else if (isTold) {
      isTold = false;
      progress.tell(capturingStatus(claim));
    }
  };
}

async function carryOutOrFail(
  parts: CapturesParts,
  object: PodCapture,
  run: CaptureRun,
  startTime: string,
  watchers: Watchers,
): Promise<CarriedOut> {
  let touched: readonly ContainerTarget[] = [];
  const onTargets = (targets: readonly ContainerTarget[]): void => {
    touched = targets;
    watchers.onTargets(targets);
  };
  try {
    return await carryOut(parts, object, run, startTime, { ...watchers, onTargets });
  } catch (error) {
    parts.log.error('capture failed because of a defect', { name: object.metadata.name, error });
    const defect: Failure = failure('InternalError', error instanceof Error ? error.message : String(error));
    const { dryRun } = object.spec;
    // Without a report only the freezers themselves say in which state they are.
    const frozen = await leftFrozen(touched, parts.clock, parts.lastCall);
    const thawUnproved = frozen.map(({ directory }) => directory);
    const made = { ...emptyReport(defect), thawUnproved, isTouched: touched.length > 0 };
    const hold = run.endedHold(0);
    const held = hold === undefined ? {} : { hold };
    return { report: made, dryRun, ...held, completionTime: nowOf(parts), processMustEnd: false };
  }
}

async function report(
  parts: CapturesParts,
  object: PodCapture,
  ended: CarriedOut,
  claim: Claim,
  run: CaptureRun,
): Promise<Delivered> {
  const { clock, die, log } = parts;
  const statuses = [endStatus(claim, ended), bareEndStatus(claim, ended)] as const;
  if (ended.processMustEnd) {
    const lastWords = new AbortController();
    await Promise.race([deliver(parts, object, statuses, lastWords.signal), clock.sleep(LAST_WORDS_MS)]);
    lastWords.abort();
    die();
    return 'gaveUp';
  }
  const delivered = await deliverEnd(parts, object, statuses, run);
  const { name, namespace } = object.metadata;
  const { timings } = ended.report;
  log.info('capture ended', { namespace, name, reason: endReason(ended), report: delivered, ...timings });
  return delivered;
}

function nowOf({ clock }: Pick<CapturesParts, 'clock'>): string {
  return new Date(clock.wall()).toISOString();
}
