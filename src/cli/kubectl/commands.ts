/** The commands of the plugin, in the order of its help. */
import { CHECKPOINT } from './checkpoint.js';
import type { PluginCommand } from './command.js';
import { COMPLETION } from './completion.js';
import { DOCTOR } from './doctor.js';
import { EXPLAIN } from './explain.js';
import { EXPORT } from './export.js';
import { HOLD } from './hold.js';
import { LIST } from './list.js';
import { PREFLIGHT } from './preflight.js';
import { RELEASE } from './release.js';
import { REPORT } from './report.js';
import { TIMINGS } from './timings.js';
import { TOP } from './top.js';
import { TREE } from './tree.js';
import { VERSION } from './version.js';

export const COMMANDS: readonly PluginCommand[] = [
  PREFLIGHT,
  CHECKPOINT,
  HOLD,
  RELEASE,
  TREE,
  TIMINGS,
  REPORT,
  EXPORT,
  LIST,
  TOP,
  EXPLAIN,
  DOCTOR,
  VERSION,
  COMPLETION,
];
