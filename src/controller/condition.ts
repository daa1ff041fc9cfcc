/** Conditions as in metav1.Condition. Pure. */
import type { Condition } from '../api/kinds.js';
import { REASONS, type Reason } from '../api/reasons.js';

export type ConditionStatus = Condition['status'];

/** A condition without lastTransitionTime and observedGeneration. */
export interface Fact {
  readonly type: 'Dispatched' | 'Thawed' | 'Succeeded';
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

/** The longest message that the schema of the CRD allows, in characters. */
const LONGEST_MESSAGE = 4096;

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
      message: cut(fact.message),
    };
  });
}

export function findCondition(conditions: readonly Condition[] | undefined, type: Fact['type']): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether `Succeeded` is True or False. A status that has ended stays so. */
export function hasEnded(status: { readonly conditions?: readonly Condition[] } | undefined): boolean {
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  return succeeded !== undefined && succeeded.status !== 'Unknown';
}

/**
 * An agent of another version may report an unknown reason, which becomes InternalError: the values of a metric's label
 * must stay limited.
 */
export function asReason(text: string): Reason {
  return REASONS.find((reason) => reason === text) ?? 'InternalError';
}

/** Cuts a message to the schema's bound in characters, never within a surrogate pair. */
function cut(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  return `${message.slice(0, LONGEST_MESSAGE - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
