/**
 * The state machine by which the main thread deals with a tracing thread that makes no progress. Pure.
 *
 * The tracing thread keeps its own deadlines between system calls. It cannot do so inside a call, and two calls are known to block: SEIZE of
 * a job-control-stopped task in a FROZEN v1 cgroup (the freezer must open), and SEIZE of a task in an execve that waits for a
 * dead tracee of ours (the tracee must be reaped). In every other case the freezer is opened at the deadline, and a moment later
 * the thread is ended. All of this is over before the guard ends this process: 0.7 s after the deadline of the whole capture, and 1 s
 * after the announcement of a freezer that is still closed.
 */
import {
  FREEZER_WINDOW_MICROSECONDS,
  ORDER_CANCEL,
  ORDER_REOPEN,
  ORDER_TIMEOUT,
  ORDER_UNGUARDED,
  type BoardView,
} from '../pure/board-view.js';

/** A call that takes longer than this blocks. SEIZE takes 4 µs. */
const STALLED_MICROSECONDS = 5_000;
const EXEC_STALLED_MICROSECONDS = 3_000;
/** How long a thread that obeys its orders may take to roll back. 10,000 tasks take 60 ms, and several times that on a busy machine. */
const GRACE_MICROSECONDS = 400_000;
/** How long the end of the thread may take, with as many tasks. After that 0.2 s are left of the guard's 0.7 s. */
const END_GRACE_MICROSECONDS = 150_000;

export interface Limits {
  /** Freezing stage. */
  readonly timeoutMicroseconds: number;
  readonly holdMicroseconds: number;
}

/** In every state but the last, the capture is still open. */
export type Watch =
  | { readonly at: 'waiting' }
  | {
      readonly at: 'watching';
      /** When the capture was first seen past its resolve phase. */
      readonly since: number;
      readonly progress: number;
      readonly progressSince: number;
      readonly orders: number;
    }
  /** The thread was told to end. */
  | { readonly at: 'ending'; readonly since: number; readonly orders: number }
  /** The thread has ended or reported: it has closed no freezer and traces nothing. */
  | { readonly at: 'released' }
  /** The thread does not even end. Only the end of the process is left. */
  | { readonly at: 'lost' };

export type WatchEvent =
  | { readonly kind: 'tick'; readonly now: number; readonly view: BoardView }
  | { readonly kind: 'cancel' }
  /** The guard is gone. */
  | { readonly kind: 'unguarded' }
  /** The thread reported that it has let everything go. */
  | { readonly kind: 'reported' }
  /** The thread has ended: the kernel has released its tracees. */
  | { readonly kind: 'ended' };

export type WatchEffect =
  | { readonly kind: 'order'; readonly bit: number }
  /** Open every freezer that the capture announced. */
  | { readonly kind: 'thaw' }
  | { readonly kind: 'reapDead' }
  | { readonly kind: 'endThread' }
  | { readonly kind: 'endProcess' };

export interface WatchStep {
  readonly state: Watch;
  readonly effects: readonly WatchEffect[];
}

export const WATCH_START: Watch = { at: 'waiting' };

/** Returns the next state and the actions to take. After `released` nothing changes any more. While `lost`, the freezers are kept open. */
export function stepWatch(state: Watch, event: WatchEvent, limits: Limits): WatchStep {
  if (state.at === 'released') return { state, effects: [] };
  switch (event.kind) {
    case 'reported':
      return { state: { at: 'released' }, effects: [] };
    case 'ended':
      // The thread may have died between FROZEN and thaw. This thread opens the freezer, and nobody is left who could close it again.
      return { state: { at: 'released' }, effects: [{ kind: 'thaw' }] };
    case 'cancel':
      return { state, effects: [{ kind: 'order', bit: ORDER_CANCEL }] };
    case 'unguarded':
      return unguarded(state);
    case 'tick':
      return tick(state, event.now, event.view, limits);
    default:
      return event satisfies never;
  }
}

/** Without a guard nobody else would open the freezers, so that this thread opens them as well, on each tick. */
function unguarded(state: Exclude<Watch, { at: 'released' }>): WatchStep {
  const order = { kind: 'order', bit: ORDER_UNGUARDED } as const;
  if (state.at !== 'watching') return { state, effects: [order] };
  return { state: { ...state, orders: state.orders | ORDER_UNGUARDED }, effects: [order] };
}

function tick(state: Exclude<Watch, { at: 'released' }>, now: number, view: BoardView, limits: Limits): WatchStep {
  switch (state.at) {
    case 'waiting':
      if (view.phase === 'resolve') return { state, effects: [] };
      return {
        state: { at: 'watching', since: now, progress: view.progress, progressSince: now, orders: 0 },
        effects: [],
      };
    case 'ending':
      if (now - state.since > END_GRACE_MICROSECONDS)
        return { state: { at: 'lost' }, effects: [...thawWhileClosed(view), { kind: 'endProcess' }] };
      return { state, effects: thawWhileClosed(view) };
    case 'lost':
      return { state, effects: thawWhileClosed(view) };
    case 'watching':
      return watch(state, now, view, limits);
    default:
      return state satisfies never;
  }
}

function watch(state: Extract<Watch, { at: 'watching' }>, now: number, view: BoardView, limits: Limits): WatchStep {
  const moved = view.progress !== state.progress;
  const progressSince = moved ? now : state.progressSince;
  const stalledFor = view.progress % 2 === 1 ? now - progressSince : 0;
  const ordered = ordersFor(now - state.since, stalledFor, view, limits) & ~state.orders;
  const orders = state.orders | ordered;
  if (now - state.since > latestEnd(view, limits)) {
    return { state: { at: 'ending', since: now, orders }, effects: [...thawWhileClosed(view), { kind: 'endThread' }] };
  }
  const effects: WatchEffect[] = [];
  if (ordered !== 0) effects.push({ kind: 'order', bit: ordered });
  // The thaw is repeated until the writer says that it writes no more, because its last FROZEN may come after the first thaw.
  if (orders !== 0) effects.push(...thawWhileClosed(view));
  if (view.closed === 0 && stalledFor > EXEC_STALLED_MICROSECONDS) effects.push({ kind: 'reapDead' });
  return { state: { at: 'watching', since: state.since, progress: view.progress, progressSince, orders }, effects };
}

function ordersFor(elapsed: number, stalledFor: number, view: BoardView, limits: Limits): number {
  let orders = 0;
  if (view.closed > 0 && stalledFor > STALLED_MICROSECONDS) orders |= ORDER_REOPEN;
  if (isFreezingStage(view) && elapsed > limits.timeoutMicroseconds) orders |= ORDER_TIMEOUT;
  if (view.closed > 0 && elapsed > FREEZER_WINDOW_MICROSECONDS) orders |= ORDER_REOPEN;
  return orders;
}

/** The hold has a bound of its own. The release has only the grace. */
function latestEnd(view: BoardView, limits: Limits): number {
  const hold = isFreezingStage(view) ? 0 : limits.holdMicroseconds;
  return limits.timeoutMicroseconds + hold + GRACE_MICROSECONDS;
}

function isFreezingStage(view: BoardView): boolean {
  return view.phase !== 'hold' && view.phase !== 'release';
}

function thawWhileClosed(view: BoardView): WatchEffect[] {
  return view.closed > 0 || view.writer ? [{ kind: 'thaw' }] : [];
}
