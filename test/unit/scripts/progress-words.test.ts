/** The words and estimates of scripts/progress/words.mjs: scripts have no types, so the module is asked through Node. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';

/** What each call returns, and what it should return. */
const CALLS = [
  ['duration(3)', 'a few seconds'],
  ['duration(21)', 'about 30 seconds'],
  ['duration(62)', 'about a minute'],
  ['duration(200)', 'about 3 minutes'],
  ['things(1, "packages")', '1 package'],
  ['things(2734, "packages")', '2,734 packages'],
  ['place("helm", ["npm", "helm"])', '[2/2]'],
  ['place("helm", [])', '==>'],
  // By what is usual at the start, by the measured speed from a quarter on.
  ['secondsLeft(360, 0, 0)', '360'],
  ['secondsLeft(360, 200, 0.25)', '600'],
  ['secondsLeft(360, 90, 0.5)', '90'],
  ['progress(360, 120, { done: 743, total: 2734, unit: "packages" })', '743 of 2,734 packages, about 5 minutes left'],
  ['progress(360, 300, { done: 2734, total: 2734, unit: "packages" })', '2,734 of 2,734 packages, nearly done'],
  [
    'progress(20, 45, { done: 0, total: 462, unit: "packages" })',
    '0 of 462 packages, longer than usual: about 50 seconds so far',
  ],
  ['progress(60, 10, { total: 0 })', 'about a minute left'],
  ['progress(20, 30, { total: 0 })', 'longer than usual: about 30 seconds so far'],
] as const;

describe('scripts/progress/words.mjs', () => {
  test('scripts/progress/words.mjs words counts, durations and progress for people', () => {
    const calls = CALLS.map(([call]) => `String(words.${call})`).join(', ');
    const words = JSON.stringify(join(REPOSITORY, 'scripts/progress/words.mjs'));
    const program = `import * as words from ${words}; console.log(JSON.stringify([${calls}]))`;
    const said = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }),
    ) as string[];
    expect(CALLS.map(([call], index) => [call, said[index]])).toEqual(CALLS);
  });
});
