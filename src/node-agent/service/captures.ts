/** The captures of this node: decides which begin, runs them, and ends each with a report. */
import type { PodCapture } from '../../api/kinds.js';
import type { GuardOutcome } from '../../native/guard.js';
import { emptyReport } from '../report/empty-report.js';
import { failure, type Failure } from '../pure/failure.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { leftFrozen } from './as-found.js';
import { byAge, captureHasEnded } from './captured-object.js';
import { CaptureRun } from './capture-run.js';
import { carryOut, type CarriedOut, type CarryOutParts } from './carry-out.js';
import { claimCapture } from './claim.js';
import { deliver, type Delivered, type DeliveryParts } from './deliver.js';
import { nextStep, type Knowledge } from './next-step.js';
import { describeRecovered } from './recoveries.js';
import { bareEndStatus, endStatus, progressStatus, endReason, refusedCaptureStatus, type Claim } from './status.js';

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
  readonly maxConcurrent: number;
  /** All known PodCaptures, as the watch and the answers to this agent's writes show them. */
  readonly list: () => readonly PodCapture[];
  readonly observer: CaptureObserver;
  /** Ends this process, when only its end frees what the kernel still holds. */
  readonly die: () => void;
  /** Aborts when nothing may be waited for any longer, not even a report. */
  readonly lastCall: AbortSignal;
}

/** Most reports that wait for the API server; with more waiting, no new capture begins. */
const MAX_UNREPORTED = 64;
/**
 * How long the end of a capture that an earlier agent began waits for a guard, in milliseconds. The guard knows what
 * was done about its freezers, but a missing guard must not delay the end for ever.
 */
const GUARD_WITHIN_MS = 5_000;
/**
 * How long the last report may take, in milliseconds, before the process kills itself to free the tasks that it cannot
 * release.
 */
const LAST_WORDS_MS = 1_000;

export class Captures {
  readonly #parts: CapturesParts;
  readonly #runs = new Map<string, CaptureRun>();
  readonly #finished = new Set<string>();
  readonly #work = new Set<Promise<void>>();
  #stopping = false;
  #begun = 0;

  constructor(parts: CapturesParts) {
    this.#parts = parts;
  }

  /** Number of captures begun by this process, ended ones included. */
  get begun(): number {
    return this.#begun;
  }

  get running(): number {
    return this.#count(({ isReleased }) => !isReleased);
  }

  get holding(): number {
    return this.#count(({ phase }) => phase === 'holding');
  }

  /** Number of PodCaptures that wait for this agent to begin. */
  get waiting(): number {
    const isWaiting = (object: PodCapture): boolean =>
      object.status?.claimedBy === undefined &&
      !captureHasEnded(object) &&
      !this.#runs.has(object.metadata.uid) &&
      !this.#finished.has(object.metadata.uid);
    return this.#parts.list().filter(isWaiting).length;
  }

  /** For how long the most overdue hold has lasted beyond its end, in milliseconds; 0 when none is overdue. */
  get overdueMilliseconds(): number {
    return Math.max(0, ...[...this.#runs.values()].map((run) => run.overdueMilliseconds));
  }

  get unreported(): number {
    return this.#count(({ isReleased }) => isReleased);
  }

  /** Takes the next step of every known PodCapture. Called after every change, and whenever a capture has ended. */
  look(): void {
    for (const object of [...this.#parts.list()].sort(byAge)) this.#consider(object);
  }

  /** The PodCapture no longer exists. */
  vanished({ metadata }: PodCapture): void {
    this.#finished.delete(metadata.uid);
    this.#runs.get(metadata.uid)?.cancel('the PodCapture was deleted');
    void this.#parts.artifacts.remove(metadata.uid);
    this.look();
  }

  /**
   * Begins no further capture and ends the running ones. Resolves when everything is reported or `lastCall` has
   * aborted.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const run of this.#runs.values()) run.cancel('the node agent is being stopped');
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  #consider(object: PodCapture): void {
    const { uid } = object.metadata;
    const run = this.#runs.get(uid);
    const step = nextStep(object, this.#knowledge(object, run));
    switch (step.do) {
      case 'ignore':
      case 'wait':
        return;
      case 'claim':
        this.#begin(object, async (own) => await this.#claimAndRun(object, own));
        return;
      case 'end':
        this.#begin(object, async (own) => await this.#end(object, own, step.failure));
        return;
      case 'cancel':
        run?.cancel(step.why);
        return;
      case 'adjustHold':
        run?.lowerHold(step.holdSeconds);
        return;
      default:
        step satisfies never;
    }
  }

  #knowledge(object: PodCapture, run: CaptureRun | undefined): Knowledge {
    const { podUID } = object.spec;
    return {
      me: this.#parts.me,
      stopping: this.#stopping,
      run,
      finished: this.#finished.has(object.metadata.uid),
      podBusy: this.#count((other) => other.podUID === podUID && !other.isReleased) > 0,
      slotFree: this.running < this.#parts.maxConcurrent && this.unreported < MAX_UNREPORTED,
    };
  }

  #begin(object: PodCapture, work: (run: CaptureRun) => Promise<void>): void {
    const { spec, metadata } = object;
    const run = new CaptureRun(metadata.uid, spec.podUID, spec.holdSeconds, this.#parts.clock);
    this.#runs.set(metadata.uid, run);
    this.#begun += 1;
    const done = work(run)
      .catch((error: unknown) =>
        this.#parts.log.error('capture failed because of a defect', { name: metadata.name, error }),
      )
      .finally(() => {
        this.#runs.delete(metadata.uid);
        this.#work.delete(done);
        this.look();
      });
    this.#work.add(done);
  }

  async #claimAndRun(object: PodCapture, run: CaptureRun): Promise<void> {
    const { me, lastCall, observer } = this.#parts;
    const startTime = this.#now();
    const { generation } = object.metadata;
    const claim: Claim = { claimedBy: me, startTime, ...(generation === undefined ? {} : { generation }) };
    const claimed = await claimCapture(this.#parts, object, progressStatus(claim, 'Capturing'), lastCall);
    if (claimed.kind !== 'claimed') return;
    this.#finished.add(run.uid);
    run.lowerHold(claimed.object.spec.holdSeconds);
    const progress = new AbortController();
    let holding: Promise<unknown> = Promise.resolve();
    const ended = await this.#carryOut(claimed.object, run, startTime, {
      onTargets: (containers) => observer.targets(run.uid, containers),
      onHold: () => {
        run.holdBegan();
        holding = deliver(this.#parts, claimed.object, [progressStatus(claim, 'Holding')], progress.signal);
      },
    });
    run.letGo();
    observer.ended(run.uid, ended);
    // The slot and the pod are free for the next capture.
    this.look();
    // Without this, the progress report could arrive after the report of the end.
    progress.abort();
    await holding;
    await this.#report(claimed.object, ended, claim);
  }

  async #carryOut(...[object, run, startTime, watchers]: Tail<Parameters<typeof carryOut>>): Promise<CarriedOut> {
    let touched: readonly ContainerTarget[] = [];
    const onTargets = (targets: readonly ContainerTarget[]): void => {
      touched = targets;
      watchers.onTargets(targets);
    };
    try {
      return await carryOut(this.#parts, object, run, startTime, { ...watchers, onTargets });
    } catch (error) {
      this.#parts.log.error('capture failed because of a defect', { name: object.metadata.name, error });
      const defect = failure('InternalError', error instanceof Error ? error.message : String(error));
      const { dryRun } = object.spec;
      // Without a report only the freezers themselves say in which state they are.
      const frozen = await leftFrozen(touched, this.#parts.clock, this.#parts.lastCall);
      const report = { ...emptyReport(defect), thawUnproved: frozen.map(({ directory }) => directory) };
      return { report, dryRun, completionTime: this.#now(), processMustEnd: false };
    }
  }

  async #report(object: PodCapture, ended: CarriedOut, claim: Claim): Promise<void> {
    const { lastCall, clock, die, log } = this.#parts;
    const statuses = [endStatus(claim, ended), bareEndStatus(claim, ended)];
    if (ended.processMustEnd) {
      const lastWords = new AbortController();
      await Promise.race([deliver(this.#parts, object, statuses, lastWords.signal), clock.sleep(LAST_WORDS_MS)]);
      lastWords.abort();
      die();
      return;
    }
    const delivered = await deliver(this.#parts, object, statuses, lastCall);
    const { name, namespace } = object.metadata;
    log.info('capture ended', {
      namespace,
      name,
      reason: endReason(ended),
      report: delivered,
      ...ended.report.timings,
    });
    await this.#afterReport(object, delivered);
  }

  /** Ends a capture in one write without carrying it out: nobody has claimed it, or an earlier process claimed it. */
  async #end(object: PodCapture, run: CaptureRun, why: Failure): Promise<void> {
    const { me, lastCall, clock, observer, log, guard } = this.#parts;
    const claimed = object.status?.claimedBy !== undefined;
    if (claimed) await guard.whenAlive(GUARD_WITHIN_MS, lastCall);
    const byGuard = claimed ? describeRecovered(guard.recovered(run.uid)) : '';
    const targets = claimed ? await this.#targetsOf(object) : [];
    const stillFrozen = await leftFrozen(targets, clock, lastCall);
    observer.foundFrozen(stillFrozen);
    const thawUnproved = stillFrozen.map(({ directory }) => directory);
    run.letGo();
    const status = refusedCaptureStatus(object, me, why, { unproved: thawUnproved, byGuard }, this.#now());
    const delivered = await deliver(this.#parts, object, [status], lastCall);
    if (delivered === 'delivered') observer.refused(why.reason);
    log.warn('capture not begun', {
      name: object.metadata.name,
      reason: why.reason,
      message: why.message,
      report: delivered,
    });
    this.#finished.add(run.uid);
    await this.#afterReport(object, delivered);
  }

  /** The cgroups that an earlier agent may have frozen. Empty when they cannot be found any more. */
  async #targetsOf({ spec }: PodCapture): Promise<readonly ContainerTarget[]> {
    const { pool, resolve } = this.#parts;
    const acquired = await pool.acquire();
    if (!acquired.ok) return [];
    const request = { uid: spec.podUID, containers: spec.containers, freezer: 'auto' } as const;
    const found = await resolve(acquired.pooled.tracer, request);
    pool.release(acquired.pooled);
    return found.ok ? found.containers : [];
  }

  async #afterReport({ metadata }: PodCapture, delivered: Delivered): Promise<void> {
    if (delivered !== 'gone') return;
    this.#finished.delete(metadata.uid);
    await this.#parts.artifacts.remove(metadata.uid);
  }

  #count(matches: (run: CaptureRun) => boolean): number {
    return [...this.#runs.values()].filter(matches).length;
  }

  #now(): string {
    return new Date(this.#parts.clock.wall()).toISOString();
  }
}

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;
