/** Decides what a reflector does next: a state machine like that of kube-rs's watcher. Pure. */
import { backoffDelay, type Backoff } from './backoff.js';
import { isExpired, type KubeError } from './result.js';

export type ReflectorState =
  /** Nothing is known, or the known version cannot be watched from. */
  | { readonly at: 'listing'; readonly failures: number }
  /** All changes up to this version are known, and later changes are watched. */
  | { readonly at: 'watching'; readonly resourceVersion: string; readonly failures: number }
  /** Waiting after a failure. */
  | { readonly at: 'resting'; readonly milliseconds: number; readonly next: ActiveState };

export type ActiveState = Exclude<ReflectorState, { at: 'resting' }>;

export type ReflectorEvent =
  | { readonly kind: 'listed'; readonly resourceVersion: string }
  | { readonly kind: 'listFailed'; readonly error: KubeError }
  | {
      readonly kind: 'watchEnded';
      /** The version of the last event or bookmark. */
      readonly resourceVersion: string;
      /** Milliseconds since the request was sent. */
      readonly lastedMilliseconds: number;
      /** True when no event arrived. */
      readonly empty: boolean;
      /** undefined: the server closed the watch in the regular way. */
      readonly error: KubeError | undefined;
    }
  | { readonly kind: 'rested' };

export const REFLECTOR_START: ReflectorState = { at: 'listing', failures: 0 };

/** The delays of client-go's reflector. */
const BACKOFF: Backoff = { baseMilliseconds: 800, maxMilliseconds: 30_000 };
/** A watch that lasted this long resets the count of failures. */
const HEALTHY_MILLISECONDS = 60_000;
/**
 * A watch that ends sooner than this and without any event counts as a failure. Otherwise a server or proxy that ends
 * each watch at once would be asked in a tight loop.
 */
const SHORT_MILLISECONDS = 1_000;
/**
 * The longest delay after the first failure of a watch that had worked for {@link SHORT_MILLISECONDS}: a server that ended,
 * or a connection that broke. Whoever waits for what is watched waits that much longer; a random part keeps a thousand
 * watchers of one server apart.
 */
const QUICK_MILLISECONDS = 400;
/**
 * After this many consecutive failures of watches, the list is read again, because the resourceVersion itself may be
 * the cause. A server that was restored from a backup sends no 410 for a version of its lost future: it answers with
 * errors, or not at all, until its revisions have caught up.
 */
const DOUBTFUL_FAILURES = 5;

export function stepReflector(state: ReflectorState, event: ReflectorEvent, random: () => number): ReflectorState {
  switch (event.kind) {
    case 'listed':
      return { at: 'watching', resourceVersion: event.resourceVersion, failures: failuresOf(state) };
    case 'listFailed':
      return rest({ at: 'listing', failures: failuresOf(state) + 1 }, random);
    case 'watchEnded':
      return afterWatch(failuresOf(state), event, random);
    case 'rested':
      return state.at === 'resting' ? state.next : state;
    default:
      return event satisfies never;
  }
}

function afterWatch(
  before: number,
  event: Extract<ReflectorEvent, { kind: 'watchEnded' }>,
  random: () => number,
): ReflectorState {
  const failures = event.lastedMilliseconds >= HEALTHY_MILLISECONDS ? 0 : before;
  const { resourceVersion, error } = event;
  if (error === undefined) {
    const short = event.empty && event.lastedMilliseconds < SHORT_MILLISECONDS;
    if (!short) return { at: 'watching', resourceVersion, failures };
    return rest({ at: 'watching', resourceVersion, failures: failures + 1 }, random);
  }
  if (isExpired(error)) {
    // The first time the list is read again at once, for an expired version is nobody's fault; later only after a
    // delay.
    const next: ActiveState = { at: 'listing', failures: failures + 1 };
    return failures === 0 ? next : rest(next, random);
  }
  const next: ActiveState =
    failures + 1 >= DOUBTFUL_FAILURES
      ? { at: 'listing', failures: failures + 1 }
      : { at: 'watching', resourceVersion, failures: failures + 1 };
  const quick = failures === 0 && event.lastedMilliseconds >= SHORT_MILLISECONDS;
  return quick ? { at: 'resting', milliseconds: QUICK_MILLISECONDS * random(), next } : rest(next, random);
}

function rest(next: ActiveState, random: () => number): ReflectorState {
  return { at: 'resting', milliseconds: backoffDelay(BACKOFF, next.failures, random), next };
}

function failuresOf(state: ReflectorState): number {
  return state.at === 'resting' ? state.next.failures : state.failures;
}
