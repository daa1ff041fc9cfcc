/** The command `stasis`: the only place that reads arguments, prints, and sets the exit status. */
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { parseArguments } from './arguments.js';
import { logSink } from './log-sink.js';
import { rawArguments } from './raw-arguments.js';
import { readInput } from './read-input.js';
import { escapeText } from './render-escape.js';
import { renderJson } from './render-json.js';
import type { RenderOptions } from './render-line.js';
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

process.exitCode = await main(rawArguments(process.argv.slice(2), () => readFileSync('/proc/self/cmdline'))).catch(
  async (error: unknown) => {
    await complain(reasonOf(error));
    // Timers or connections that are left would keep the process alive.
    return process.exit(FAILED);
  },
);

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
      const { parseShown } = await import('./parse-shown.js');
      const { renderShown } = await import('./shown-capture.js');
      const input = await readInput(parsed.file);
      const shown = input.ok ? parseShown(input.text) : input;
      const rendered = shown.ok ? renderShown(shown.capture, terminal()) : shown;
      if (rendered.ok) return await print(rendered.text, SUCCEEDED);
      await complain(rendered.message);
      return UNUSABLE;
    }
    case 'artifact': {
      const { streamArtifact } = await import('./artifact.js');
      const result = await streamArtifact(parsed, async (bytes) => await writeWhole(STDOUT, bytes));
      if (result.ok) await writeWhole(STDERR, `sha256 ${result.sha256}\n`);
      else await complain(result.message);
      return result.ok ? SUCCEEDED : FAILED;
    }
    case 'checkpoint': {
      const ending = endOnSignal(process, ignored);
      const suspension = suspendWhenFree(process, ignored, complain);
      const { checkpoint } = await import('./checkpoint.js');
      const running = checkpoint(parsed.options, process.env, { signal: ending.signal, suspension });
      // The code that prints the result is loaded while the tracing thread practises.
      const [result, { formatCapture }] = await Promise.all([running, import('./output.js')]);
      // Nothing is held any more. While the output waits for a slow reader, signals therefore stop and end the command at once.
      await suspension.take();
      ending.restore();
      suspension.restore();
      if (result.kind === 'unusable') {
        await complain(result.message);
        return UNUSABLE;
      }
      for (const note of result.notes) await complain(note);
      const text = await formatCapture(result.capture, parsed.options.output, terminal());
      const status = await print(text, result.succeeded ? SUCCEEDED : FAILED);
      if (!result.succeeded)
        for (const { type, reason, message } of result.capture.status.conditions)
          if (type === 'Succeeded') await complain(`${reason}: ${message}`);
      // A thread that is stuck in the kernel still has tracees. Only the end of the process releases them, and exit() would wait for the thread.
      if (result.processMustEnd) process.kill(process.pid, 'SIGKILL');
      return status;
    }
    case 'doctor': {
      const [{ doctor }, render] = await Promise.all([import('./doctor.js'), import('./render-doctor.js')]);
      // The rehearsal closes freezers too, and must not be stopped in the middle.
      const suspension = suspendWhenFree(process, ignored, complain);
      const result = await doctor(parsed.options);
      await suspension.take();
      suspension.restore();
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
      // The Kubernetes client takes a second to load. `stasis checkpoint` does not need it.
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

/** An error of a system call, such as a port that is taken, is not a defect of Stasis. */
function reasonOf(error: unknown): string {
  const { message, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) };
  return syscall === undefined ? `a defect of stasis: ${message}` : message;
}

/** Returns `status`, or the status of a failure when the text cannot be written. */
async function print(text: string, status: number): Promise<number> {
  const why = await writeWhole(STDOUT, text);
  if (why === undefined) return status;
  await complain(`the standard output cannot be written: ${why}`);
  return status === SUCCEEDED ? FAILED : status;
}

function terminal(): RenderOptions {
  // This is asked first, because process.stdout would make a pipe non-blocking for every process that shares the pipe.
  if (!isatty(STDOUT)) return { color: false };
  const { columns } = process.stdout;
  // A terminal whose size was never set reports 0 columns.
  return { color: process.env['NO_COLOR'] === undefined, ...(columns > 0 ? { width: columns } : {}) };
}

/** Prints one line to stderr. If stderr cannot be written either, only the exit status remains. */
async function complain(message: string): Promise<void> {
  await writeWhole(STDERR, `stasis: ${escapeText(message)}\n`);
}
