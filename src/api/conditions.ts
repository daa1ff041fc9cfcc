/** Conditions as in metav1.Condition: what controller and node agent write and read. Pure. */
import type { Condition } from './kinds.js';
import { REASONS, type Reason, type RELEASED_REASONS } from './reasons.js';

export type ConditionStatus = Condition['status'];

/** `Reconciling` and `Stalled` are for tools that follow kstatus; only a Checkpoint has them, and `Finished`. */
export type ConditionType = 'Dispatched' | 'Held' | 'Released' | 'Succeeded' | 'Finished' | 'Reconciling' | 'Stalled';

/** A condition without lastTransitionTime and observedGeneration. */
export interface Fact {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly reason: Reason | (typeof RELEASED_REASONS)[number];
  readonly message: string;
}

/** The longest message that the schema allows, in Unicode code points, as the API server counts them. */
export const MAX_MESSAGE = 4096;
const ELLIPSIS = '…';

/**
 * Turns the facts into conditions, in the same order. `lastTransitionTime` is kept from `before` unless the status
 * changed: it says since when the status has been so, not when it was last written.
 *
 * @param time RFC 3339
 */
export function conditionsOf(
  facts: readonly Fact[],
  before: readonly Condition[] | undefined,
  generation: number | undefined,
  time: string,
): Condition[] {
  return facts.map((fact) => {
    const old = findCondition(before, fact.type);
    return {
      type: fact.type,
      status: fact.status,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: old?.status === fact.status ? old.lastTransitionTime : time,
      reason: fact.reason,
      message: cutText(fact.message, MAX_MESSAGE),
    };
  });
}

export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: ConditionType,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether `Succeeded` is True or False. A status that has ended stays so. */
export function hasEnded(status: { readonly conditions?: readonly Condition[] } | undefined): boolean {
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  return succeeded !== undefined && succeeded.status !== 'Unknown';
}

/** Returns the reason of the closed list, or undefined for a reason that only another version of Stasis knows. */
export function asReason(text: string): Reason | undefined {
  return REASONS.find((reason) => reason === text);
}

/**
 * Cuts `text` to at most `most` code points, which is what the API server counts. A text that was cut ends in an
 * ellipsis.
 */
export function cutText(text: string, most: number): string {
  // A string has at least as many UTF-16 units as code points, and at most twice as many.
  if (text.length <= most) return text;
  const points = Array.from(text.slice(0, 2 * most + 2));
  return points.length <= most ? text : points.slice(0, most - 1).join('') + ELLIPSIS;
}
