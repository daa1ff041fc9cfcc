import { killedAgent, killedByRuntime, outOfMemory } from './kills.js';
import type { Row } from './row.js';

/** In the order of the table. */
export const ROWS: readonly Row[] = [killedAgent, outOfMemory, killedByRuntime];
