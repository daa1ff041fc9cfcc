/**
 * Announces a step of steps.mjs, and says how far it is while it runs:
 *
 *   node scripts/progress/step.mjs NAME [--what TEXT] [--log FILE] [--unit UNIT --total N --count COMMAND] [-- COMMAND...]
 *
 * --what    more of its title
 * --count   a shell command that prints how many of the N things are done; $LOG is FILE
 * --log     where the command's standard error goes; its end is shown if the command fails, and else it is removed
 *
 * Progress goes to standard error, for standard output is the command's. Exit status: the command's.
 */
import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { STEPS, usualSeconds } from './steps.mjs';
import { duration, place, progress, things } from './words.mjs';

const SECONDS_BETWEEN_LINES = Number(process.env.STASIS_PROGRESS_SECONDS ?? 15);
const LINES_OF_FAILURE = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(['what', 'log', 'unit', 'total', 'count'].map((name) => [name, { type: 'string' }])),
});
const [name, command, ...operands] = positionals;
const steps = (process.env.STASIS_STEPS ?? '').split(/\s+/).filter((step) => step in STEPS);
const total = Number(values.total ?? 0);
const usual = usualSeconds(name, total);
const title = `${place(name, steps)} ${STEPS[name].title}${values.what === undefined ? '' : ` ${values.what}`}`;
const say = (text) => process.stderr.write(`${title}: ${text}\n`);

/** This step and the ones after it: the Makefile's list has only those that are due. */
function announce() {
  const rest = steps.slice(steps.indexOf(name) + 1);
  const inAll = usual + rest.reduce((sum, step) => sum + usualSeconds(step), 0);
  const all = steps.includes(name) && rest.length > 0 ? `; ${duration(inAll)} left in all` : '';
  say(`${total > 0 ? `${things(total, values.unit)}, ` : ''}${duration(usual)}${all}`);
}

function report(began) {
  const counting =
    total > 0
      ? spawnSync('sh', ['-c', values.count], { encoding: 'utf8', env: { ...process.env, LOG: values.log } })
      : undefined;
  const done = Number(counting?.stdout.trim() || 0);
  say(progress(usual, (performance.now() - began) / 1000, { done, total, unit: values.unit }));
}

/** Runs the command. A terminal's Ctrl-C reaches the command by itself, and the command decides what to do then. */
function run() {
  // Set before the command begins: whoever sees the command run may end this process at once.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const errors = values.log === undefined ? 'inherit' : openSync(values.log, 'w');
  const began = performance.now();
  const child = spawn(command, operands, { stdio: ['inherit', 'inherit', errors] });
  const timer = setInterval(report, SECONDS_BETWEEN_LINES * 1000, began);
  child.once('error', (error) => {
    say(error.message);
    process.exit(127);
  });
  child.once('exit', (status, signal) => {
    clearInterval(timer);
    const exit = status ?? 128 + constants.signals[signal];
    if (values.log !== undefined && exit === 0) rmSync(values.log);
    if (values.log !== undefined && exit !== 0) {
      const end = readFileSync(values.log, 'utf8').trimEnd().split('\n').slice(-LINES_OF_FAILURE);
      process.stderr.write(`${end.join('\n')}\n`);
      say(`failed; the whole output is in ${values.log}`);
    }
    process.exit(exit);
  });
}

announce();
if (command !== undefined) run();
