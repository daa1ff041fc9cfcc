/** The captures of this node: decides which begin, runs them, and ends each with a report. */
import { hasEnded } from '../../api/conditions.js';
import type { PodCapture } from '../../api/kinds.js';
import { emptyReport } from '../report/empty-report.js';
import { failure, type Failure } from '../pure/failure.js';
import { wallTime } from '../pure/wall-clock.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { leftFrozen } from './as-found.js';
import { BusyNotices, type Waiting } from './busy-notices.js';
import { byAge } from './captured-object.js';
import { CaptureRun } from './capture-run.js';
import type { CapturesParts } from './captures-parts.js';
import { carryOut, type CarriedOut } from './carry-out.js';
import { claimCapture } from './claim.js';
import { deliver, type Delivered } from './deliver.js';
import { endWithoutRun } from './ended-without-run.js';
import { nextStep, type Knowledge } from './next-step.js';
import { busyWith, takesSlot, waitsForHold, type Limits } from './slots.js';
import { bareEndStatus, capturingStatus, claimOf, endReason, endStatus, holdingStatus, type Claim } from './status.js';

/** Most reports that wait for the API server; with more waiting, no new capture begins. */
const MAX_UNREPORTED = 64;
/**
 * How long the last report may take, in milliseconds, before the process kills itself to free the tasks that it cannot
 * release.
 */
const LAST_WORDS_MS = 1_000;
/** How often a claimed capture looks whether the heartbeat was renewed, in milliseconds. */
const CUT_OFF_LOOK_MS = 200;

export class Captures {
  readonly #parts: CapturesParts;
  readonly #runs = new Map<string, CaptureRun>();
  readonly #finished = new Set<string>();
  readonly #work = new Set<Promise<void>>();
  readonly #notices: BusyNotices;
  readonly #limits: Limits;
  #stopping = false;
  #begun = 0;

  constructor(parts: CapturesParts) {
    this.#parts = parts;
    this.#notices = new BusyNotices(parts);
    const { maxConcurrentCaptures: captures, maxConcurrentHolds: holds } = parts;
    this.#limits = { captures, holds, reports: MAX_UNREPORTED };
  }

  /** Number of captures begun by this process, ended ones included. */
  get begun(): number {
    return this.#begun;
  }

  get running(): number {
    return this.#count(({ isReleased }) => !isReleased);
  }

  /** Number of captures that take a slot: they have begun, and neither hold their pod nor have released it. */
  get inSlots(): number {
    return this.#count(takesSlot);
  }

  get holding(): number {
    return this.#count(({ phase }) => phase === 'holding');
  }

  /** Number of PodCaptures that wait for this agent to begin. Those that wait for the end of a hold may wait for an hour. */
  get waiting(): number {
    const runs = [...this.#runs.values()];
    const isWaiting = (object: PodCapture): boolean =>
      !waitsForHold(object, runs, this.#limits) &&
      object.status?.claimedBy === undefined &&
      !hasEnded(object.status) &&
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
    const waiting = [...this.#parts.list()].sort(byAge).flatMap((object) => this.#consider(object) ?? []);
    this.#notices.see(waiting);
  }

  /**
   * The heartbeat could not be renewed in time: ends every hold and rolls back what is in progress. A capture that is being
   * claimed has touched nothing, and waits.
   */
  letGo(): void {
    for (const run of this.#runs.values())
      if (run.phase === 'capturing' || run.phase === 'holding')
        run.cancel('HeartbeatLost', 'the node agent could not renew its heartbeat');
  }

  /** The PodCapture no longer exists. */
  vanished({ metadata }: PodCapture): void {
    this.#finished.delete(metadata.uid);
    this.#runs.get(metadata.uid)?.cancel('Cancelled', 'the PodCapture was deleted');
    void this.#parts.artifacts.remove(metadata.uid);
    this.look();
  }

  /**
   * Begins no further capture and ends the running ones. Resolves when everything is reported or `lastCall` has
   * aborted.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#notices.close();
    for (const run of this.#runs.values()) run.cancel('NodeAgentStopped', 'the node agent is being stopped');
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** Returns the capture if it waits for this node. */
  #consider(object: PodCapture): Waiting | undefined {
    const { uid } = object.metadata;
    const run = this.#runs.get(uid);
    const step = nextStep(object, this.#knowledge(object, run));
    switch (step.do) {
      case 'ignore':
        return undefined;
      case 'wait':
        return step.for === 'node' ? { object, message: step.message } : undefined;
      case 'claim':
        this.#begin(object, async (own) => await this.#claimAndRun(object, own));
        return undefined;
      case 'end':
        this.#begin(object, async (own) => await this.#end(object, own, step.failure));
        return undefined;
      case 'cancel':
        run?.cancel('Cancelled', step.why);
        return undefined;
      case 'release':
        run?.release(step.reason);
        return undefined;
      default:
        return step satisfies never;
    }
  }

  #knowledge(object: PodCapture, run: CaptureRun | undefined): Knowledge {
    const { podUID } = object.spec;
    const { me, isCutOff } = this.#parts;
    return {
      me,
      stopping: this.#stopping,
      cutOff: isCutOff(),
      run,
      finished: this.#finished.has(object.metadata.uid),
      podBusy: this.#count((other) => other.podUID === podUID && !other.isReleased) > 0,
      nodeBusy: busyWith(object, [...this.#runs.values()], this.#limits),
    };
  }

  #begin(object: PodCapture, work: (run: CaptureRun) => Promise<void>): void {
    const { metadata } = object;
    const run = new CaptureRun(object, this.#parts.clock);
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
    const { me, lastCall, observer, clock, isCutOff } = this.#parts;
    await this.#notices.settled(run.uid);
    const unclaimed = this.#parts.newest(object);
    // An earlier process may have claimed the capture, whose write arrived only now. The next look ends it.
    if (unclaimed.status?.claimedBy !== undefined) return;
    const startTime = this.#now();
    let claim = claimOf(unclaimed, me, startTime);
    const status = capturingStatus(claim);
    const claimed = await claimCapture(this.#parts, unclaimed, status, lastCall);
    if (claimed.kind !== 'claimed') return;
    this.#finished.add(run.uid);
    claim = { ...claim, conditions: status.conditions ?? [] };
    // The answer may have come late.
    while (isCutOff() && !run.cancelled) await clock.sleep(CUT_OFF_LOOK_MS, run.signal);
    run.begin();
    const { hold } = claimed.object.spec;
    if (hold?.releaseReason !== undefined) run.release(hold.releaseReason);
    const progress = new AbortController();
    let holding: Promise<unknown> = Promise.resolve();
    const ended = await this.#carryOut(claimed.object, run, startTime, {
      onTargets: (containers) => observer.targets(run.uid, containers),
      onHold: (heldFrom) => {
        run.holdBegan();
        if (run.released || run.cancelled) return;
        const holdUntil = wallTime(1000 * clock.wall() + run.holdMicroseconds);
        const held = holdingStatus(claim, { heldFrom: wallTime(heldFrom), holdUntil }, this.#now());
        claim = { ...claim, conditions: held.conditions ?? [] };
        holding = deliver(this.#parts, claimed.object, [held], progress.signal);
        // The slot is free for the next capture.
        this.look();
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
      const thawUnproved = frozen.map(({ directory }) => directory);
      const report = { ...emptyReport(defect), thawUnproved, isTouched: touched.length > 0 };
      const hold = run.endedHold(0);
      const held = hold === undefined ? {} : { hold };
      return { report, dryRun, ...held, completionTime: this.#now(), processMustEnd: false };
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

  async #end(object: PodCapture, run: CaptureRun, why: Failure): Promise<void> {
    await this.#notices.settled(run.uid);
    const delivered = await endWithoutRun(this.#parts, object, why, () => run.letGo());
    this.#finished.add(run.uid);
    await this.#afterReport(object, delivered);
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
