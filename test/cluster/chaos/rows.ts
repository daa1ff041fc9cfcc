import { saturated } from './crowded.js';
import { forcedDeletion, overlap } from './deletions.js';
import { fullFolder, goneFolder, readOnlyFolder } from './folders.js';
import { guardKilledByRuntime, killedGuard, wholePod } from './guards.js';
import { killedAgent, killedByRuntime, outOfMemory } from './kills.js';
import { drain, rollingUpdate, uninstall } from './operations.js';
import { powerCut } from './power.js';
import { apiServerAway, restartedContainerd, restartedKubelet } from './restarts.js';
import type { Row } from './row.js';
import { frozenAgent, stoppedAgent } from './stalls.js';

/** The rows in the order of the table in docs/safety.md. */
export const ROWS: readonly Row[] = [
  killedAgent,
  outOfMemory,
  killedByRuntime,
  stoppedAgent,
  frozenAgent,
  killedGuard,
  guardKilledByRuntime,
  wholePod,
  overlap,
  forcedDeletion,
  restartedKubelet,
  restartedContainerd,
  rollingUpdate,
  drain,
  uninstall,
  apiServerAway,
  fullFolder,
  readOnlyFolder,
  goneFolder,
  saturated,
  powerCut,
];
