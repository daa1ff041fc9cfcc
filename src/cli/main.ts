/** The command `stasis`: the only place that reads arguments, prints, and sets the exit status. */
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { parseArguments } from './arguments.js';
import { checkpoint } from './checkpoint.js';
import { logSink } from './log-sink.js';
import { formatCapture } from './output.js';
import { readInput } from './read-input.js';
import { escapeText } from './render-escape.js';
import { renderJson } from './render-json.js';
import type { RenderOptions } from './render-line.js';
import { parseShown, renderShown } from './shown-capture.js';
import { endOnSignal, ignoreSignals, signalsIn } from './signals.js';
import { suspendWhenFree } from './suspension.js';
import { writeWhole } from './write-whole.js';

const STDOUT = 1;
const STDERR = 2;

const SUCCEEDED = 0;
const FAILED = 1;
const UNUSABLE = 2;

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const ignored = signalsIn(process.env['STASIS_IGNORED_SIGNALS']);
ignoreSignals(process, ignored);

process.exitCode = await main(process.argv.slice(2)).catch(async (error: unknown) => {
  await complain(reasonOf(error));
  // Something may still run, and keep a process alive that does nothing any more.
  return process.exit(FAILED);
});

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv, version);
  switch (parsed.kind) {
    case 'help':
    case 'version':
      return await print(parsed.text, SUCCEEDED);
    case 'usage-error':
      await complain(parsed.message);
      return UNUSABLE;
    case 'show': {
      const input = await readInput(parsed.file);
      const shown = input.ok ? parseShown(input.text) : input;
      const rendered = shown.ok ? renderShown(shown.capture, terminal()) : shown;
      if (rendered.ok) return await print(rendered.text, SUCCEEDED);
      await complain(rendered.message);
      return UNUSABLE;
    }
    case 'checkpoint': {
      const ending = endOnSignal(process, ignored);
      const suspension = suspendWhenFree(process, ignored, complain);
      const result = await checkpoint(parsed.options, process.env, ending.signal, suspension);
      // Nothing is held any more: while the output waits for a slow reader, the command can be stopped and ended at once.
      await suspension.take();
      ending.restore();
      suspension.restore();
      if (result.kind === 'unusable') {
        await complain(result.message);
        return UNUSABLE;
      }
      for (const note of result.notes) await complain(note);
      const text = formatCapture(result.capture, parsed.options.output, terminal());
      const status = await print(text, result.succeeded ? SUCCEEDED : FAILED);
      if (!result.succeeded)
        for (const { type, reason, message } of result.capture.status.conditions)
          if (type === 'Succeeded') await complain(`${reason}: ${message}`);
      // Nothing but the end of the whole process frees what a thread in the kernel still traces; exit() would wait for it.
      if (result.processMustEnd) process.kill(process.pid, 'SIGKILL');
      return status;
    }
    case 'doctor': {
      const [{ doctor }, render] = await Promise.all([import('./doctor.js'), import('./render-doctor.js')]);
      const result = await doctor(parsed.options);
      if (result.kind === 'unusable') {
        await complain(result.message);
        return UNUSABLE;
      }
      const { report } = result;
      const json = parsed.options.output === 'json';
      const text = json ? renderJson(report) : render.renderDoctor(report, terminal());
      return await print(text, report.well ? SUCCEEDED : FAILED);
    }
    case 'uninstall': {
      // What talks to an API server takes a second to load, and `stasis checkpoint` never does.
      const { runUninstall } = await import('./uninstall.js');
      const result = await runUninstall(parsed.options, {
        environment: process.env,
        sink: logSink(process.stderr),
        version,
      });
      if (result.kind === 'ended') return result.complete ? SUCCEEDED : FAILED;
      await complain(result.message);
      return UNUSABLE;
    }
    case 'node-agent': {
      const { runNodeAgent } = await import('./node-agent.js');
      const { env: environment, pid } = process;
      const die = (): void => void process.kill(pid, 'SIGKILL');
      const surroundings = { environment, sink: logSink(process.stderr), version, pid, die };
      const result = await runNodeAgent(parsed.options, surroundings, endOnSignal(process, ignored).signal);
      if (result.kind === 'ended') return SUCCEEDED;
      await complain(result.message);
      return UNUSABLE;
    }
    case 'controller': {
      const { runController } = await import('./controller.js');
      const result = await runController(
        parsed.options,
        { environment: process.env, sink: logSink(process.stderr), version },
        endOnSignal(process, ignored).signal,
      );
      if (result.kind === 'ended') return result.result === 'stopped' ? SUCCEEDED : FAILED;
      await complain(result.message);
      return UNUSABLE;
    }
    default:
      return parsed satisfies never;
  }
}

/** What the system refuses, such as a port that is taken, is no defect. */
function reasonOf(error: unknown): string {
  const { message, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) };
  return syscall === undefined ? `a defect of stasis: ${message}` : message;
}

/** Returns the status: that of the command, or of a failure when what it found out cannot be printed. */
async function print(text: string, status: number): Promise<number> {
  const why = await writeWhole(STDOUT, text);
  if (why === undefined) return status;
  await complain(`the standard output cannot be written: ${why}`);
  return status === SUCCEEDED ? FAILED : status;
}

function terminal(): RenderOptions {
  // Not before it is known to be a terminal: of a pipe, process.stdout makes a non-blocking one, for all who share it.
  if (!isatty(STDOUT)) return { color: false };
  const { columns } = process.stdout;
  // A terminal that was never told its size says 0.
  return { color: process.env['NO_COLOR'] === undefined, ...(columns > 0 ? { width: columns } : {}) };
}

/** When not even this can be written, the exit status is all that is left. */
async function complain(message: string): Promise<void> {
  await writeWhole(STDERR, `stasis: ${escapeText(message)}\n`);
}
