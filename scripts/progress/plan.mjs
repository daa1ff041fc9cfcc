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
import { duration } from './words.mjs';

const LEAST_SECONDS_TO_MENTION = 20;

const words = process.argv.slice(2);
const end = words.includes('--') ? words.indexOf('--') : words.length;
const steps = due(words.slice(0, end), words.slice(end + 1));
const seconds = (names) => names.reduce((sum, name) => sum + usualSeconds(name), 0);
const once = steps.filter((name) => stepOf(name).once);

if (seconds(once) > LEAST_SECONDS_TO_MENTION) {
  const processors = availableParallelism();
  process.stderr.write(
    `The first run prepares this machine, once: ${duration(seconds(once))} of the ${duration(seconds(steps)).replace('about ', '')}` +
      ` that this run takes on ${processors === 1 ? 'one processor' : `${processors} processors`}. Progress: [step/${steps.length}].\n`,
  );
}
process.stdout.write(`${steps.join(' ')}\n`);
