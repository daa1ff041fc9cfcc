/** The plugin `kubectl stasis`: the only place that reads its arguments and streams, and sets its exit status. */
import { isatty } from 'node:tty';
import { systemClock } from '../../kube/clock.js';
import { escapeMessage } from '../render-escape.js';
import { writeWhole } from '../write-whole.js';
import type { ClusterFlags } from './cluster-flags.js';
import { COMMANDS } from './commands.js';
import { complete } from './complete.js';
import { connectCluster } from './connect.js';
import { FAILED, OK, USAGE } from './exit-codes.js';
import { parsePlugin } from './parse.js';
import { endingSignals } from './ending-signal.js';
import { lastResort } from './last-resort.js';
import { newSuffix } from './new-suffix.js';
import { localPrograms } from './run-program.js';
import type { Connected } from './surroundings.js';
import { openTerminal } from './terminal.js';
import { unhinderedErrors } from './unhindered-errors.js';

const STDOUT = 1;
const STDERR = 2;

/** Set by the bundler. */
declare const STASIS_VERSION: string;

void start();

async function start(): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    await writeWhole(STDERR, `error: a defect of kubectl stasis: ${escapeMessage(String(error))}\n`);
    // Timers or connections that are left would keep the process alive.
    process.exit(FAILED);
  }
}

async function main(): Promise<number> {
  const parsed = parsePlugin(process.argv.slice(2), STASIS_VERSION, COMMANDS);
  switch (parsed.kind) {
    case 'help':
    case 'version':
      return (await writeWhole(STDOUT, parsed.text)) === undefined ? OK : FAILED;
    case 'complete': {
      const connect = async (flags: ClusterFlags): Promise<Connected> => await connectCluster(flags, STASIS_VERSION);
      await writeWhole(STDOUT, await complete(parsed.program, parsed.words, { connect }));
      // A credential plugin that hangs would keep the process alive.
      return process.exit(OK);
    }
    case 'usage-error':
      await writeWhole(STDERR, `error: ${escapeMessage(parsed.message)}\n`);
      return USAGE;
    case 'run': {
      const { signal, divert, raise } = endingSignals(process);
      const defects = lastResort(process, {
        raise,
        tell: unhinderedErrors(),
        end: () => process.exit(FAILED),
      });
      const status = await parsed.run({
        terminal: terminal(),
        clock: systemClock(),
        environment: process.env,
        version: STASIS_VERSION,
        connect: async (flags) => await connectCluster(flags, STASIS_VERSION),
        signal,
        divertSignals: divert,
        programs: localPrograms(process.env),
        suffix: newSuffix,
      });
      return defects.any ? FAILED : status;
    }
    default:
      return parsed satisfies never;
  }
}

function terminal(): ReturnType<typeof openTerminal> {
  const { NO_COLOR: noColor, TERM: kind } = process.env;
  const capable = kind !== 'dumb';
  // This is asked first, because process.stdout would make a pipe non-blocking for every process that shares the pipe.
  const columns = isatty(STDOUT) ? process.stdout.columns : 0;
  const redrawWidth = isatty(STDERR) && capable ? process.stderr.columns || 80 : undefined;
  const color = isatty(STDOUT) && capable && (noColor === undefined || noColor === '');
  return openTerminal({
    output: { color, ...(columns > 0 ? { width: columns } : {}) },
    ...(redrawWidth === undefined ? {} : { redrawWidth }),
  });
}
