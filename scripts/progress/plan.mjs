/**
 * Prints which of the steps NAME... are due, in one line, for STASIS_STEPS:
 *
 *   node scripts/progress/plan.mjs NAME... [-- REQUIREMENT...]
 *
 * REQUIREMENT is a word of test/requirements.sh. If steps of a first run are among them, standard error says what they cost.
 */
import { availableParallelism } from 'node:os';
import { due } from './due.mjs';
import { stepOf, usualSeconds } from './steps.mjs';
import { duration, megabytes, things } from './words.mjs';

const LEAST_SECONDS_TO_MENTION = 20;

const words = process.argv.slice(2);
const end = words.includes('--') ? words.indexOf('--') : words.length;
const steps = due([...new Set(words.slice(0, end))], words.slice(end + 1));
const once = steps.filter((name) => stepOf(name).once);
const seconds = (names) => names.reduce((sum, name) => sum + usualSeconds(name), 0);

if (seconds(once) > LEAST_SECONDS_TO_MENTION) {
  const processors = availableParallelism();
  const later = steps.filter((name) => !stepOf(name).once);
  process.stderr.write(
    `First run on this machine: ${steps.length} steps, ${duration(seconds(steps))} on ${things(processors, 'processors')};` +
      ` the next run takes ${duration(seconds(later))}.\n${cost(once)}`,
  );
}
process.stdout.write(`${steps.join(' ')}\n`);

function cost(names) {
  const sum = (what) => names.reduce((total, name) => total + (stepOf(name)[what] ?? 0), 0);
  return `It downloads ${megabytes(sum('downloads'))}, and takes ${megabytes(sum('disk'))} of disk space.\n`;
}
