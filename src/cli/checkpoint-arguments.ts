/** The options of `stasis checkpoint`: their declaration, their help and their checks. */
import type { Command } from 'commander';
import { checkTarget } from './checkpoint-target.js';
import type { CheckpointTarget, RawTarget } from './checkpoint-target.js';
import { handOver, type OptionArguments } from './option-command.js';
import { checkChoice, checkChoices, checkDuration, checkInteger, refuse } from './option-values.js';
import type { Checked } from './option-values.js';
import { quoteValue } from './render-escape.js';

export const FREEZERS = ['auto', 'none'] as const;
export const OUTPUTS = ['tree', 'json', 'yaml'] as const;
/**
 * Values of `--include`. Command lines are collected only on request, because they can hold secrets and reading them
 * can block.
 */
export const INCLUDES = ['cmdline'] as const;

/** The options of `stasis checkpoint` after the checks, with every default filled in. */
export interface CheckpointOptions {
  readonly target: CheckpointTarget;
  readonly freezer: (typeof FREEZERS)[number];
  /** Time limit of the freezing stage, not yet limited by {@link maxPauseMicroseconds}. */
  readonly timeoutMicroseconds: number;
  readonly holdMicroseconds: number;
  readonly maxPauseMicroseconds?: number;
  /** Number of captures, at least 1. */
  readonly repeat: number;
  /**
   * Nothing is frozen or traced. `holdMicroseconds` is then 0, `repeat` is 1 and `include` is empty, whatever the
   * command line says.
   */
  readonly dryRun: boolean;
  readonly include: readonly (typeof INCLUDES)[number][];
  readonly output: (typeof OUTPUTS)[number];
  /** The folder of the guard's journal. */
  readonly state: string;
}

export type CheckpointArguments = OptionArguments<'checkpoint', CheckpointOptions>;

/** The options as text, as commander found them on the command line. */
interface RawOptions extends RawTarget {
  readonly freezer?: string;
  readonly timeout?: string;
  readonly hold?: string;
  readonly maxPause?: string;
  readonly repeat?: string;
  readonly dryRun?: true;
  readonly include?: readonly string[];
  readonly output?: string;
  readonly state?: string;
}

const LONGEST_HOLD = '1h';
const MOST_REPETITIONS = 100_000;

const EXAMPLES = `
Exit status:
  0  succeeded
  1  failed, or the output could not be written; the reason is printed
  2  unusable arguments; nothing was touched

Examples:
  Hold the cgroup of process 4711 for a moment, and show who is in it
    $ stasis checkpoint --pid 4711
  Ask what would stand in the way, and touch nothing
    $ stasis checkpoint --pid 4711 --dry-run
  Hold a pod of this node for half a minute, unless stopping and reading it takes longer than 1 s; Ctrl-C lets it go early
    $ stasis checkpoint --pod "$(kubectl get pod web-0 -o jsonpath='{.metadata.uid}')" --hold 30s --max-pause 1s
  Measure the pause 100 times
    $ stasis checkpoint --cgroup /sys/fs/cgroup/my.slice --repeat 100
  For a program, with command lines
    $ stasis checkpoint --pid 4711 --include cmdline -o json | jq .status.timings.pauseMicroseconds`;

/** Adds the command to the program. `done` is called with the meaning of a command line that names this command. */
export function addCheckpoint(program: Command, done: (result: CheckpointArguments) => void): void {
  const declared = program
    .command('checkpoint')
    .summary('hold a process tree of this machine still, read it, let it go')
    .description(
      'Freezes a cgroup of this machine, takes every thread in it with ptrace, thaws it, reads the process tree, and ' +
        'lets everything go. Needs root. Durations are written as 10s, 250ms, 1m30s or 500us.',
    )
    .usage('(--cgroup <dir> | --pid <pid> | --pod <uid>) [options]')
    .optionsGroup('What to hold (exactly one of these):')
    .option('--cgroup <dir>', 'the processes of this cgroup and of those below it', each)
    .option('--pid <pid>', 'the cgroup that this process is in', each)
    .option('--pod <uid>', 'the containers of the pod with this UID, never its sandbox', each)
    .optionsGroup('How:')
    .option('--freezer <how>', 'auto: by the cgroup freezer; none: interrupt task by task (default: auto)')
    .option('--timeout <duration>', 'for bringing all to a stop; also ends with --max-pause (default: 10s)')
    .option('--hold <duration>', 'keep it held so long after reading, at most 1h (default: 0s)')
    .option('--max-pause <duration>', 'undo a capture that would pause for longer, without the hold (default: none)')
    .option('--repeat <n>', 'capture n times, at most 100000, and print min, median, p99 and max (default: 1)')
    .option('--dry-run', 'touch nothing, name what would stand in the way; hold, repeat and include do nothing then')
    .optionsGroup('What to print:')
    .option('--include <what>', 'collect this too: cmdline (may hold secrets)', each)
    .option('-o, --output <format>', 'tree, json or yaml (default: tree)')
    .optionsGroup('Other:')
    .option(
      '--state <dir>',
      'where the guard keeps its journal, on a tmpfs; a missing folder is made for root alone (default: /run/stasis)',
    );
  handOver(declared, { kind: 'checkpoint', help: EXAMPLES, check: checkOptions, done });
}

function each(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function checkOptions(raw: RawOptions): Checked<CheckpointOptions> {
  const target = checkTarget(raw);
  if (!target.ok) return target;
  const freezer = checkChoice('--freezer', raw.freezer ?? 'auto', FREEZERS);
  if (!freezer.ok) return freezer;
  const durations = checkDurations(raw);
  if (!durations.ok) return durations;
  const repeat = checkInteger('--repeat', raw.repeat ?? '1', 1, MOST_REPETITIONS);
  if (!repeat.ok) return repeat;
  const include = checkChoices('--include', raw.include ?? [], INCLUDES);
  if (!include.ok) return include;
  const output = checkChoice('--output', raw.output ?? 'tree', OUTPUTS);
  if (!output.ok) return output;
  const state = raw.state ?? '/run/stasis';
  if (!state.startsWith('/')) return refuse(`--state: ${quoteValue(state)} is not an absolute path`);
  const options: CheckpointOptions = {
    target: target.value,
    freezer: freezer.value,
    ...durations.value,
    repeat: repeat.value,
    dryRun: raw.dryRun === true,
    include: include.value,
    output: output.value,
    state,
  };
  return { ok: true, value: options.dryRun ? { ...options, holdMicroseconds: 0, repeat: 1, include: [] } : options };
}

type Durations = Pick<CheckpointOptions, 'timeoutMicroseconds' | 'holdMicroseconds' | 'maxPauseMicroseconds'>;

function checkDurations(raw: RawOptions): Checked<Durations> {
  const timeout = checkDuration('--timeout', raw.timeout ?? '10s', { positive: true });
  if (!timeout.ok) return timeout;
  const hold = checkDuration('--hold', raw.hold ?? '0s', { most: LONGEST_HOLD });
  if (!hold.ok) return hold;
  const settled = { timeoutMicroseconds: timeout.value, holdMicroseconds: hold.value };
  if (raw.maxPause === undefined) return { ok: true, value: settled };
  const maxPause = checkDuration('--max-pause', raw.maxPause, { positive: true });
  if (!maxPause.ok) return maxPause;
  return { ok: true, value: { ...settled, maxPauseMicroseconds: maxPause.value } };
}
