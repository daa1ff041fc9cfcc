/** The options of `stasis doctor`: their declaration, their help and their checks. */
import type { Command } from 'commander';
import { handOver, type OptionArguments } from './option-command.js';
import { checkChoice, refuse, type Checked } from './option-values.js';

export const DOCTOR_OUTPUTS = ['text', 'json'] as const;

export interface DoctorOptions {
  readonly thaw: boolean;
  readonly all: boolean;
  /** Whether to capture processes that the command itself starts, to find out whether captures work on this node. */
  readonly rehearsal: boolean;
  readonly cgroupRoot?: string;
  /** The folders that may hold journals of guards. */
  readonly states: readonly string[];
  readonly output: (typeof DOCTOR_OUTPUTS)[number];
}

export type DoctorArguments = OptionArguments<'doctor', DoctorOptions>;

interface RawOptions {
  readonly thaw?: true;
  readonly all?: true;
  /** commander sets this to true, and `--no-rehearsal` sets it to false. */
  readonly rehearsal: boolean;
  readonly cgroupRoot?: string;
  readonly state?: string;
  readonly output?: string;
}

const AFTER = `
Without --thaw nothing is touched; the rehearsal freezes processes of its own. --thaw opens a freezer only
where the journal of a guard proves it ours: closed in this boot, of the very same cgroup, by an agent
that is dead, under a guard that is dead.

Exit status:
  0  all is well
  1  something stands still that should not, or this node is unfit for captures
  2  unusable arguments; nothing was touched

Examples:
  Is anything of this node frozen or traced, by whom, and can captures be made here?
    $ stasis doctor
  The same in the pod of a node agent
    $ kubectl exec -n stasis-system stasis-node-agent-x7k2p -- stasis doctor --cgroup-root /host/sys/fs/cgroup
  Open what dead captures have left frozen
    $ stasis doctor --thaw`;

/**
 * The default folders of journals: of `stasis checkpoint`, of the node agent as the chart installs it (path on the
 * node), and of the node agent again (path in its containers).
 */
export const STATE_FOLDERS = ['/run/stasis', '/run/stasis/node-agent', '/run/stasis/state'] as const;

/** Adds the command to the program. `done` is called with the meaning of a command line that names this command. */
export function addDoctor(program: Command, done: (result: DoctorArguments) => void): void {
  const declared = program
    .command('doctor')
    .summary('list what stands still on this node, who holds it, and what this node can do')
    .description(
      'Lists every frozen cgroup and every traced task of the pods of this node, and checks the node itself.',
    )
    .option('--thaw', 'open the freezers that are provably ours, left by a dead capture')
    .option('--all', 'look at every cgroup, not only at those below kubepods')
    .option('--no-rehearsal', 'only look: capture no processes of our own, which takes a second')
    .option('--cgroup-root <directory>', 'where the cgroups of the host are mounted; or one cgroup, to look no further')
    .option('--state <directory>', "folder of the guards' journals (default: those of the command and of the chart)")
    .option('-o, --output <format>', 'text or json (default: text)');
  handOver(declared, { kind: 'doctor', help: AFTER, check: checkOptions, done });
}

function checkOptions(raw: RawOptions): Checked<DoctorOptions> {
  const output = checkChoice('--output', raw.output ?? 'text', DOCTOR_OUTPUTS);
  if (!output.ok) return output;
  const { cgroupRoot, state } = raw;
  if (cgroupRoot === '') return refuse('--cgroup-root: the value is missing');
  if (state === '') return refuse('--state: the value is missing');
  return {
    ok: true,
    value: {
      thaw: raw.thaw === true,
      all: raw.all === true,
      rehearsal: raw.rehearsal,
      ...(cgroupRoot === undefined ? {} : { cgroupRoot }),
      states: state === undefined ? STATE_FOLDERS : [state],
      output: output.value,
    },
  };
}
