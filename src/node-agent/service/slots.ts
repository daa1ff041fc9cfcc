/** Decides whether a capture may begin beside those that run, and says what it waits for. Pure. */
import type { PodCapture } from '../../api/kinds.js';

/** The phases of a run, in this order. From `reporting` on, the pod is released. */
export type RunPhase = 'claiming' | 'capturing' | 'holding' | 'reporting';

/** A capture that this process works on. */
export interface Occupant {
  readonly namespace: string;
  readonly name: string;
  readonly phase: RunPhase;
  /** A hold was asked for. */
  readonly holds: boolean;
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

/** Most names in a message. */
const MOST_NAMES = 4;

/**
 * Returns what the capture has to wait for, as a text for people; undefined when it may begin. The text names captures of
 * the same namespace only: what others run is not for everybody to know.
 */
export function busyWith(object: PodCapture, occupants: readonly Occupant[], limits: Limits): string | undefined {
  const unreported = occupants.filter(({ phase }) => phase === 'reporting');
  if (unreported.length >= limits.reports)
    return `the node agent waits until the API server has accepted the ends of ${unreported.length} captures`;
  // The wait for a hold is the longer one, so it is told first.
  const holding = occupants.filter(isHold);
  if (waitsForHold(object, occupants, limits))
    return `the node agent holds as many pods as it may at a time (${limits.holds}): ${listed(object, holding)}`;
  const capturing = occupants.filter(takesSlot);
  if (capturing.length < limits.captures) return undefined;
  const most = `the node agent carries out as many captures as it may at a time (${limits.captures})`;
  return `${most}: ${listed(object, capturing)}`;
}

/** Whether the capture has to wait until one of so many holds ends. */
export function waitsForHold({ spec }: PodCapture, occupants: readonly Occupant[], { holds }: Limits): boolean {
  return spec.hold !== undefined && occupants.filter(isHold).length >= holds;
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
