/** The captures of this node: decides which begin, runs them, and ends each with a report. */
import { hasEnded } from '../../api/conditions.js';
import type { PodCapture } from '../../api/kinds.js';
import type { Failure } from '../pure/failure.js';
import { BackOffs } from './back-offs.js';
import { BusyNotices, type Waiting } from './busy-notices.js';
import { byAge } from './captured-object.js';
import { CaptureRun } from './capture-run.js';
import type { CapturesParts } from './captures-parts.js';
import { claimAndCarryOut } from './claimed-capture.js';
import type { Delivered } from './deliver.js';
import { endWithoutRun } from './ended-without-run.js';
import { CUT_OFF } from './fence.js';
import { HeldReads } from './held-reads.js';
import { nextStep, type Knowledge } from './next-step.js';
import { busyWith, takesSlot, waitsForHold, type Limits } from './slots.js';

/** Most reports that wait for the API server; with more waiting, no new capture begins. */
const MAX_UNREPORTED = 64;

export class Captures {
  readonly #parts: CapturesParts;
  readonly #runs = new Map<string, CaptureRun>();
  readonly #finished = new Set<string>();
  readonly #work = new Set<Promise<void>>();
  readonly #notices: BusyNotices;
  readonly #limits: Limits;
  readonly #reads: HeldReads;
  /** Captures whose claim was sent without a known answer. */
  readonly #claimSent = new Set<string>();
  readonly #refusals: BackOffs;
  readonly #defects: BackOffs;
  #isLookDue = false;
  #stopping = false;
  #begun = 0;

  constructor(parts: CapturesParts) {
    this.#parts = parts;
    this.#notices = new BusyNotices(parts);
    const { maxConcurrentCaptures: captures, maxConcurrentHolds: holds } = parts;
    this.#limits = { captures, holds, reports: MAX_UNREPORTED };
    this.#reads = new HeldReads({
      ...parts,
      changed: () => this.lookSoon(),
      vanished: (object) => this.#noLonger(object),
    });
    this.#refusals = new BackOffs(parts, () => this.lookSoon());
    this.#defects = new BackOffs(parts, () => this.lookSoon());
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

  /**
   * Takes the next step of every known PodCapture, soon after each change and whenever a capture has ended. Hundreds of changes
   * within one turn of the event loop, such as those of a list, lead to one look.
   */
  lookSoon(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    queueMicrotask(() => {
      this.#isLookDue = false;
      this.#look();
    });
  }

  #look(): void {
    // The captures that have ended are by far the most. Only one that this process still works on matters.
    const open = this.#parts.list().filter((object) => !hasEnded(object.status) || this.#runs.has(object.metadata.uid));
    const waiting = open.sort(byAge).flatMap((object) => this.#consider(object) ?? []);
    this.#notices.see(waiting);
  }

  /** The watch has told something about this PodCapture. */
  heard({ metadata }: PodCapture): void {
    const run = this.#runs.get(metadata.uid);
    if (run !== undefined) run.heardAt = this.#parts.clock.monotonic();
    this.lookSoon();
  }

  /**
   * The heartbeat could not be renewed in time: ends every hold and rolls back what is in progress. A capture that is being
   * claimed has touched nothing, and waits.
   */
  letGo(): void {
    for (const run of this.#runs.values())
      if (run.phase === 'capturing' || run.phase === 'holding') run.cancel('HeartbeatLost', CUT_OFF);
  }

  /** The PodCapture no longer exists. */
  vanished({ metadata: { uid } }: PodCapture): void {
    this.#forget(uid);
    const run = this.#runs.get(uid);
    run?.cancel('Cancelled', 'the PodCapture was deleted');
    run?.vanish();
    void this.#parts.artifacts.remove(uid);
    this.lookSoon();
  }

  /**
   * Begins no further capture and ends the running ones. Resolves when everything is reported or `lastCall` has
   * aborted.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#notices.close();
    this.#refusals.close();
    this.#defects.close();
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
        return step.for === 'node' ? { object, busy: step.busy } : undefined;
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
    const { uid } = object.metadata;
    const { me, isCutOff } = this.#parts;
    return {
      me,
      stopping: this.#stopping,
      cutOff: isCutOff(),
      run,
      finished: this.#finished.has(uid),
      claimSent: this.#claimSent.has(uid),
      resting: this.#defects.isResting(uid) ? 'everything' : this.#refusals.isResting(uid) ? 'claim' : undefined,
      podBusy: this.#count((other) => other.podUID === podUID && !other.isReleased) > 0,
      nodeBusy: busyWith(object, [...this.#runs.values()], this.#limits),
    };
  }

  #begin(object: PodCapture, work: (run: CaptureRun) => Promise<void>): void {
    const { name, uid } = object.metadata;
    const run = new CaptureRun(object, this.#parts.clock);
    this.#runs.set(uid, run);
    this.#begun += 1;
    const done = work(run)
      .then(
        () => this.#defects.forget(uid),
        (error: unknown) => {
          this.#parts.log.error('capture failed because of a defect', { name, error });
          // Its end is not reported, so it is tried again, though not at once: the defect may be there to stay.
          this.#finished.delete(uid);
          if (!run.gone.aborted) this.#defects.failed(uid);
        },
      )
      .finally(() => {
        this.#runs.delete(uid);
        this.#work.delete(done);
        this.lookSoon();
      });
    this.#work.add(done);
  }

  async #claimAndRun(object: PodCapture, run: CaptureRun): Promise<void> {
    const { uid } = run;
    await this.#notices.settled(uid);
    const unclaimed = this.#parts.newest(object);
    // An earlier process may have claimed the capture, whose write arrived only now. The next look ends it.
    if (unclaimed.status?.claimedBy !== undefined && !this.#claimSent.has(uid)) return;
    const ended = await claimAndCarryOut(this.#parts, unclaimed, run, {
      claimed: () => {
        this.#finished.add(uid);
        this.#claimSent.delete(uid);
        this.#refusals.forget(uid);
      },
      holding: (held, signal) => void this.#reads.keep(held, run, signal),
      slotFree: () => this.lookSoon(),
    });
    if (ended.kind === 'reported') return await this.#afterReport(object, ended.delivered);
    // A watch that is behind still shows it: without this, the next look would claim it again.
    if (ended.kind === 'gone') this.#parts.forget(object);
    if (ended.kind === 'gone' || ended.kind === 'lost' || run.gone.aborted) return this.#forget(uid);
    if (ended.isUnsure) this.#claimSent.add(uid);
    if (!this.#stopping) this.#refusals.failed(uid, 1000 * ended.retryAfterSeconds);
  }

  async #end(object: PodCapture, run: CaptureRun, why: Failure): Promise<void> {
    await this.#notices.settled(run.uid);
    const delivered = await endWithoutRun(this.#parts, object, why, run);
    this.#finished.add(run.uid);
    await this.#afterReport(object, delivered);
  }

  async #afterReport(object: PodCapture, delivered: Delivered): Promise<void> {
    if (delivered !== 'gone') return;
    this.#parts.forget(object);
    this.#forget(object.metadata.uid);
    await this.#parts.artifacts.remove(object.metadata.uid);
  }

  /** A read has shown that the object is gone. The watch may tell so much later, or not at all. */
  #noLonger(object: PodCapture): void {
    this.#parts.forget(object);
    this.vanished(object);
  }

  #forget(uid: string): void {
    this.#finished.delete(uid);
    this.#claimSent.delete(uid);
    this.#refusals.forget(uid);
    this.#defects.forget(uid);
  }

  #count(matches: (run: CaptureRun) => boolean): number {
    return [...this.#runs.values()].filter(matches).length;
  }
}
