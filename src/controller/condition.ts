/** Conditions, as metav1.Condition has them. Pure. */
import type { Condition } from '../api/kinds.js';
import { REASONS, type Reason } from '../api/reasons.js';

export type ConditionStatus = Condition['status'];

/** A condition without its bookkeeping. */
export interface Fact {
  readonly type: 'Dispatched' | 'Thawed' | 'Succeeded';
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

/** The schema's bound. */
const LONGEST_MESSAGE = 4096;

/**
 * The facts as conditions, in their order. `lastTransitionTime` is kept from `before` unless the status changed: it says
 * since when, not when last written.
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

/** Succeeded is True or False: it has ended, and stays ended. */
export function hasEnded(status: { readonly conditions?: readonly Condition[] } | undefined): boolean {
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  return succeeded !== undefined && succeeded.status !== 'Unknown';
}

/** A reason of an agent of another version may be none of ours; a metric's label must not grow by it. */
export function asReason(text: string): Reason {
  return REASONS.find((reason) => reason === text) ?? 'InternalError';
}

/** Cut to the schema's bound in characters, and never through a surrogate pair. */
function cut(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  return `${message.slice(0, LONGEST_MESSAGE - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
