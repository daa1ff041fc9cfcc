/** What a reflector does next: a state machine, as kube-rs's watcher has one. Pure. */
import { backoffDelay, type Backoff } from './backoff.js';
import { isExpired, type KubeError } from './result.js';

export type ReflectorState =
  /** Nothing is known, or what is known cannot be gone on from. */
  | { readonly at: 'listing'; readonly failures: number }
  /** All changes up to here are known; those after it are watched for. */
  | { readonly at: 'watching'; readonly resourceVersion: string; readonly failures: number }
  /** After a failure. */
  | { readonly at: 'resting'; readonly milliseconds: number; readonly next: ActiveState };

export type ActiveState = Exclude<ReflectorState, { at: 'resting' }>;

export type ReflectorEvent =
  | { readonly kind: 'listed'; readonly resourceVersion: string }
  | { readonly kind: 'listFailed'; readonly error: KubeError }
  | {
      readonly kind: 'watchEnded';
      /** Of the last event or bookmark. */
      readonly resourceVersion: string;
      /** Since the request was sent. */
      readonly lastedMilliseconds: number;
      /** Whether anything came. */
      readonly empty: boolean;
      /** undefined: closed by the server, in order. */
      readonly error: KubeError | undefined;
    }
  | { readonly kind: 'rested' };

export const REFLECTOR_START: ReflectorState = { at: 'listing', failures: 0 };

/** client-go's reflector. */
const BACKOFF: Backoff = { baseMilliseconds: 800, maxMilliseconds: 30_000 };
/** A watch that lasted so long ends the row of failures before it. */
const HEALTHY_MILLISECONDS = 60_000;
/** A server, or a proxy, that ends each watch at once with nothing in it must not be asked in a loop. */
const SHORT_MILLISECONDS = 1_000;
/**
 * So many failures of watches in a row, and the resourceVersion itself is in doubt: of a server that was restored from a
 * backup no 410 comes, only errors, or nothing, until its revisions have caught up.
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
    // At once, for it is nobody's fault; but not in a loop.
    const next: ActiveState = { at: 'listing', failures: failures + 1 };
    return failures === 0 ? next : rest(next, random);
  }
  const next: ActiveState =
    failures + 1 >= DOUBTFUL_FAILURES
      ? { at: 'listing', failures: failures + 1 }
      : { at: 'watching', resourceVersion, failures: failures + 1 };
  return rest(next, random);
}

function rest(next: ActiveState, random: () => number): ReflectorState {
  return { at: 'resting', milliseconds: backoffDelay(BACKOFF, next.failures, random), next };
}

function failuresOf(state: ReflectorState): number {
  return state.at === 'resting' ? state.next.failures : state.failures;
}
