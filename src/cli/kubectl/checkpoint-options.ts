/** The options of `checkpoint` and `hold` that say how a Checkpoint captures a pod. */
import type { Command } from 'commander';
import type { CheckpointSpec } from '../../api/kinds.js';
import { checkChoice, checkChoices, checkDuration, collect, refuse, type Checked } from '../option-values.js';
import { checkName } from './names.js';

const FREEZERS = { auto: 'Auto', none: 'None' } as const;
const INCLUDES = { cmdline: 'Cmdline' } as const;

/** The values of commander. */
export interface RawCheckpointOptions {
  readonly container?: readonly string[];
  readonly maxPause?: string;
  readonly timeout?: string;
  readonly startingDeadline?: string;
  readonly freezer?: string;
  readonly include?: readonly string[];
  readonly name?: string;
}

export interface CheckpointOptions {
  /** The name of the Checkpoint; undefined where the plugin makes one. */
  readonly name?: string;
  readonly spec: Omit<CheckpointSpec, 'podName'>;
}

export function addCheckpointOptions(command: Command): Command {
  return command
    .option('-c, --container <name>', 'only this container; may be given more than once', collect)
    .option('--max-pause <time>', 'roll back what would pause the pod for longer, such as 50ms, without a hold')
    .option('--timeout <time>', 'bound of the freezing stage (default: 10s)')
    .option('--starting-deadline <time>', 'give up what has to wait for longer, as for its turn (default: 10m)')
    .option('--freezer <how>', 'auto|none; none: interrupt task by task (default: auto)')
    .option('--include <what>', 'collect this too, for export and report: cmdline (may hold secrets)', collect)
    .option('--name <name>', 'of the Checkpoint (default: the name of the pod, and five characters)');
}

export function checkCheckpointOptions(raw: RawCheckpointOptions): Checked<CheckpointOptions> {
  const name = raw.name === undefined ? undefined : checkName(raw.name);
  if (name?.ok === false) return name;
  const spec: CheckpointOptions['spec'] = {};
  if (raw.container !== undefined) spec.containers = [...raw.container];
  if (raw.maxPause !== undefined) {
    const pause = checkDuration('--max-pause', raw.maxPause, { positive: true, most: '300s' });
    if (!pause.ok) return pause;
    if (pause.value % 1_000 !== 0) return refuse('--max-pause: give whole milliseconds, such as 20ms');
    spec.maxPauseMilliseconds = pause.value / 1_000;
  }
  if (raw.timeout !== undefined) {
    const timeout = checkSeconds('--timeout', raw.timeout, '300s', '10s');
    if (!timeout.ok) return timeout;
    spec.timeoutSeconds = timeout.value;
  }
  if (raw.startingDeadline !== undefined) {
    const deadline = checkSeconds('--starting-deadline', raw.startingDeadline, '24h', '60s');
    if (!deadline.ok) return deadline;
    spec.startingDeadlineSeconds = deadline.value;
  }
  if (raw.freezer !== undefined) {
    const freezer = checkChoice('--freezer', raw.freezer, keysOf(FREEZERS));
    if (!freezer.ok) return freezer;
    spec.freezer = FREEZERS[freezer.value];
  }
  if (raw.include !== undefined) {
    const include = checkChoices('--include', raw.include, keysOf(INCLUDES));
    if (!include.ok) return include;
    spec.include = include.value.map((word) => INCLUDES[word]);
  }
  return { ok: true, value: { ...(name === undefined ? {} : { name: name.value }), spec } };
}

/** Checks a duration that the API takes in whole seconds. */
function checkSeconds(option: string, text: string, most: string, example: string): Checked<number> {
  const checked = checkDuration(option, text, { positive: true, most });
  if (!checked.ok) return checked;
  const seconds = checked.value / 1_000_000;
  return Number.isInteger(seconds)
    ? { ok: true, value: seconds }
    : refuse(`${option}: give whole seconds, such as ${example}`);
}

function keysOf<Choices extends object>(choices: Choices): readonly (keyof Choices & string)[] {
  return Object.keys(choices) as (keyof Choices & string)[];
}
