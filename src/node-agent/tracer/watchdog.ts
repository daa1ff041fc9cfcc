/**
 * What the main thread does about a tracing thread that does not come on: a state machine. Pure.
 *
 * The tracing thread keeps its own deadlines between system calls. Inside one it cannot, and two are known to block: SEIZE of
 * a job-control-stopped task in a FROZEN v1 cgroup (the freezer must open), and SEIZE of a task in an execve that waits for a
 * dead tracee of ours (it must be reaped). Whatever else it is, at the deadline the freezer is opened, and a moment later
 * the thread is ended. All of it is over before the guard ends this process: 0.7 s after the deadline of the whole capture, and 1 s
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

/** SEIZE takes 4 µs; in 5 ms of one call it is not coming back by itself. */
const STALLED_MICROSECONDS = 5_000;
const EXEC_STALLED_MICROSECONDS = 3_000;
/** What a thread that obeyed its orders may take to roll back: 10,000 tasks take 60 ms, several times that on a busy machine. */
const GRACE_MICROSECONDS = 400_000;
/** What its end may take, with as many tasks: 0.2 s are left to the guard's 0.7 s then. */
const END_GRACE_MICROSECONDS = 150_000;

export interface Limits {
  /** Freezing stage. */
  readonly timeoutMicroseconds: number;
  readonly holdMicroseconds: number;
}

/** Every state but the last has the capture still open. */
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
  /** Ended, or reported: nothing is closed and nothing traced by it. */
  | { readonly at: 'released' }
  /** Not even the end of the thread came: only the end of the process is left. */
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

/** The next state, and what to do. After `released` nothing changes any more; while `lost`, the freezers are kept open. */
export function stepWatch(state: Watch, event: WatchEvent, limits: Limits): WatchStep {
  if (state.at === 'released') return { state, effects: [] };
  switch (event.kind) {
    case 'reported':
      return { state: { at: 'released' }, effects: [] };
    case 'ended':
      // It may have died between FROZEN and thaw. Ours to open, and nobody is left who could close it again.
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

/** The freezers are opened from here too, on each tick: nobody would open them for us any more. */
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
  // Repeated until the writer has said that it writes no more: its last FROZEN may come after our first thaw.
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

/** The hold has a bound of its own; release has none but the grace. */
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
