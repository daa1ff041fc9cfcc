import type { Random } from './random.js';
import type { Outcome } from './trial.js';

export interface HardCase {
  readonly name: string;
  /** The row of the table in docs/safety.md. */
  readonly row: string;
  /** Milliseconds. */
  readonly bound: number;
  readonly versions: readonly ('v1' | 'v2')[];
  /** Runs the case once. The caller cleans up. */
  run(version: 'v1' | 'v2', random: Random): Promise<Outcome>;
}
