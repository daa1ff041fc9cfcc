import type { Reason } from '../../api/reasons.js';

/** Why a capture ended without success: a member of the closed list, and a line for a person. Pure. */
export interface Failure {
  readonly reason: Reason;
  readonly message: string;
}

export function failure(reason: Reason, message: string): Failure {
  return { reason, message };
}
