/** Decides whether a capture may begin beside those that run, and says what it waits for. Pure. */
import type { PodCapture } from '../../api/kinds.js';

/** The phases of a run, in this order. From `reporting` on, the pod is released. */
export type RunPhase = 'claiming' | 'capturing' | 'holding' | 'reporting';

/** A capture that this process works on. */
export interface Occupant {
  readonly namespace: string;
  readonly name: string;
  readonly phase: RunPhase;
  /** It holds its pod, or is going to. */
  readonly holds: boolean;
  /** The API server refuses the report of its end, which says nothing about other namespaces. */
  readonly isRefused?: boolean;
}

/** How much this process does at a time. */
export interface Limits {
  /** Captures that have not reached their hold. */
  readonly captures: number;
  /** Captures that hold their pod, or are going to. They hold no slot of `captures` meanwhile. */
  readonly holds: number;
  /** Reports that wait for the API server. */
  readonly reports: number;
}

/** The reason why a capture has to wait. */
export interface Busy {
  readonly kind: 'captures' | 'holds' | 'reports';
  /** The same for people. */
  readonly message: string;
}

/** Most names in a message. */
const MOST_NAMES = 4;

/**
 * Returns what the capture has to wait for; undefined when it may begin. The text names captures of the same namespace
 * only: what others run is not for everybody to know.
 */
export function busyWith(object: PodCapture, occupants: readonly Occupant[], limits: Limits): Busy | undefined {
  const unreported = occupants.filter((one) => isUnreported(one, object));
  if (unreported.length >= limits.reports) {
    const message = `the node agent waits until the API server has accepted the ends of ${unreported.length} captures`;
    return { kind: 'reports', message };
  }
  // The wait for a hold is the longer one, so it is told first.
  const holding = occupants.filter(isHold);
  if (waitsForHold(object, occupants, limits)) {
    const most = `the node agent holds as many pods as it may at a time (${limits.holds})`;
    return { kind: 'holds', message: `${most}: ${listed(object, holding)}` };
  }
  const capturing = occupants.filter(takesSlot);
  if (capturing.length < limits.captures) return undefined;
  const most = `the node agent carries out as many captures as it may at a time (${limits.captures})`;
  return { kind: 'captures', message: `${most}: ${listed(object, capturing)}` };
}

/** A policy or a quota of one namespace can refuse reports for ever. That must not keep the others waiting. */
function isUnreported({ phase, isRefused = false, namespace }: Occupant, { metadata }: PodCapture): boolean {
  return phase === 'reporting' && (!isRefused || namespace === (metadata.namespace ?? ''));
}

/** Whether the capture has to wait until one of so many holds ends. A capture that is released already will not hold. */
export function waitsForHold({ spec }: PodCapture, occupants: readonly Occupant[], { holds }: Limits): boolean {
  const isGoingToHold = spec.hold !== undefined && spec.hold.releaseReason === undefined && !spec.dryRun;
  return isGoingToHold && occupants.filter(isHold).length >= holds;
}

function isHold({ holds, phase }: Occupant): boolean {
  return holds && phase !== 'reporting';
}

/** A hold takes no slot: it may last an hour, and needs nothing but its thread. */
export function takesSlot({ phase }: Pick<Occupant, 'phase'>): boolean {
  return phase === 'claiming' || phase === 'capturing';
}

function listed({ metadata }: PodCapture, occupants: readonly Occupant[]): string {
  const own = occupants.filter(({ namespace }) => namespace === (metadata.namespace ?? ''));
  const named = own.slice(0, MOST_NAMES).map(({ namespace, name }) => `${namespace}/${name}`);
  const more = own.length - named.length;
  const others = occupants.length - own.length;
  const rest = [...(more === 0 ? [] : [`${more} more`]), ...(others === 0 ? [] : [`${others} of other namespaces`])];
  return [named.join(', '), ...rest].filter((part) => part !== '').join(' and ');
}
