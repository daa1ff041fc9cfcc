/** Says what came of the capture, in one sentence. Pure. */
import { REASONS, SUCCESS_REASONS } from '../../api/reasons.js';
import type { ConditionFact, Facts } from './read-capture.js';

/** Returns the place where the reason is explained, if this version knows it. */
export function explanationOf(reason: string): string | undefined {
  return REASONS.some((known) => known === reason) ? `docs/errors.md#${reason.toLowerCase()}` : undefined;
}

export interface Outcome {
  readonly tone: 'good' | 'bad' | 'open';
  /** The label. */
  readonly word: string;
  readonly sentence: string;
  readonly reason: string;
  readonly message: string;
}

export function outcomeOf({ conditions }: Facts): Outcome {
  const succeeded = conditions.find(({ type }) => type === 'Succeeded');
  if (succeeded === undefined) {
    return {
      tone: 'open',
      word: 'Unknown',
      sentence: 'The capture does not say what came of it.',
      reason: '',
      message: '',
    };
  }
  const { status, reason, message } = succeeded;
  if (status === 'False')
    return { tone: 'bad', word: 'Failed', sentence: `The capture failed: ${reason}.`, reason, message };
  if (status !== 'True' || !SUCCESS_REASONS.some((known) => known === reason)) {
    return { tone: 'open', word: 'Not finished', sentence: `The capture has not ended: ${reason}.`, reason, message };
  }
  const sentence =
    reason === 'DryRunPassed'
      ? 'A dry run found nothing that stands in the way. Nothing was touched.'
      : 'The tasks were held, read and released.';
  return { tone: 'good', word: reason === 'DryRunPassed' ? 'Dry run passed' : 'Captured', sentence, reason, message };
}

/** The condition `Released`, where it does not say that everything is as it was found. */
export function notReleased({ conditions }: Facts): ConditionFact | undefined {
  return conditions.find(({ type, status }) => type === 'Released' && status !== 'True');
}

/** How the hold ended, or that it goes on. */
export function holdEnd({ conditions }: Facts): ConditionFact | undefined {
  return conditions.find(({ type }) => type === 'Held');
}
