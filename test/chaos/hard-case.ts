import type { Random } from './random.js';
import type { Outcome } from './trial.js';

export interface HardCase {
  readonly name: string;
  /** As the table of docs/safety.md has it. */
  readonly row: string;
  /** Milliseconds. */
  readonly bound: number;
  readonly versions: readonly ('v1' | 'v2')[];
  /** Once. The caller cleans up. */
  run(version: 'v1' | 'v2', random: Random): Promise<Outcome>;
}
