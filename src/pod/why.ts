/** A reason of the closed list, and its explanation. Types only. Pure. */
import type { Reason } from '../api/reasons.js';

/** A reason and its message, as several conditions share them. A value may have more fields, which no status gets. */
export interface Why {
  readonly reason: Reason;
  readonly message: string;
}
