/** The command `stasis`: the only place that reads arguments, prints, and sets the exit status. */
import { readFileSync } from 'node:fs';
import type { PodCapture } from '../api/podcapture.js';
import { parseArguments } from './arguments.js';
import type { CheckpointOptions } from './checkpoint-arguments.js';
import { checkpoint } from './checkpoint.js';
import { formatCapture } from './output.js';
import { escapeText } from './render-escape.js';
import { renderJson } from './render-json.js';
import type { RenderOptions } from './render-line.js';
import { parseShown, type ShownCapture } from './shown-capture.js';

const SUCCEEDED = 0;
const FAILED = 1;
const UNUSABLE = 2;

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  complain(`a defect of stasis: ${error instanceof Error ? error.message : String(error)}`);
  return FAILED;
});

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv, version);
  switch (parsed.kind) {
    case 'help':
    case 'version':
      process.stdout.write(parsed.text);
      return SUCCEEDED;
    case 'usage-error':
      complain(parsed.message);
      return UNUSABLE;
    case 'show': {
      const shown = readShown(parsed.file);
      if (!shown.ok) {
        complain(shown.message);
        return UNUSABLE;
      }
      print(shown.capture, 'tree');
      return SUCCEEDED;
    }
    case 'checkpoint': {
      const result = await checkpoint(parsed.options, process.env, endOnSignal());
      if (result.kind === 'unusable') {
        complain(result.message);
        return UNUSABLE;
      }
      for (const note of result.notes) complain(note);
      print(result.capture, parsed.options.output);
      if (!result.succeeded)
        for (const { type, reason, message } of result.capture.status.conditions)
          if (type === 'Succeeded') complain(`${reason}: ${message}`);
      // Nothing but the end of the whole process frees what a thread in the kernel still traces; exit() would wait for it.
      if (result.processMustEnd) process.kill(process.pid, 'SIGKILL');
      return result.succeeded ? SUCCEEDED : FAILED;
    }
    case 'doctor': {
      const [{ doctor }, render] = await Promise.all([import('./doctor.js'), import('./render-doctor.js')]);
      const result = await doctor(parsed.options);
      if (result.kind === 'unusable') {
        complain(result.message);
        return UNUSABLE;
      }
      const { report } = result;
      const json = parsed.options.output === 'json';
      process.stdout.write(json ? renderJson(report) : render.renderDoctor(report, terminal()));
      return report.well ? SUCCEEDED : FAILED;
    }
    case 'uninstall': {
      // What talks to an API server takes a second to load, and `stasis checkpoint` never does.
      const { runUninstall } = await import('./uninstall.js');
      const result = await runUninstall(parsed.options, { environment: process.env, sink: logLine, version });
      if (result.kind === 'ended') return result.complete ? SUCCEEDED : FAILED;
      complain(result.message);
      return UNUSABLE;
    }
    case 'node-agent': {
      const { runNodeAgent } = await import('./node-agent.js');
      const { env: environment, pid } = process;
      const die = (): void => void process.kill(pid, 'SIGKILL');
      const surroundings = { environment, sink: logLine, version, pid, die };
      const result = await runNodeAgent(parsed.options, surroundings, endOnSignal());
      if (result.kind === 'ended') return SUCCEEDED;
      complain(result.message);
      return UNUSABLE;
    }
    case 'controller': {
      const { runController } = await import('./controller.js');
      const result = await runController(
        parsed.options,
        { environment: process.env, sink: logLine, version },
        endOnSignal(),
      );
      if (result.kind === 'ended') return result.result === 'stopped' ? SUCCEEDED : FAILED;
      complain(result.message);
      return UNUSABLE;
    }
    default:
      return parsed satisfies never;
  }
}

function readShown(file: string): ShownCapture {
  try {
    return parseShown(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    return { ok: false, message: `cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}` };
  }
}

function print(capture: PodCapture, output: CheckpointOptions['output']): void {
  process.stdout.write(formatCapture(capture, output, terminal()));
}

function terminal(): RenderOptions {
  const { isTTY, columns } = process.stdout;
  const color = isTTY && process.env['NO_COLOR'] === undefined;
  return { color, ...(isTTY ? { width: columns } : {}) };
}

/** Ctrl-C and SIGTERM let the pod go; they do not end the process before it is let go. */
function endOnSignal(): AbortSignal {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  return controller.signal;
}

function complain(message: string): void {
  process.stderr.write(`stasis: ${escapeText(message)}\n`);
}

function logLine(line: string): void {
  process.stderr.write(line);
}
