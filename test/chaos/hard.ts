/** Cases that need more than a kill: a saturated node, a thread that cannot die, a frozen agent, an unusable state folder. */
import { cleanupAll } from '../kernel/harness/cleanup.js';
import { fullState, goneState, readOnlyState } from './hard-state.js';
import { frozenAgent } from './hard-frozen-agent.js';
import { saturated } from './hard-saturated.js';
import { unkillable } from './hard-unkillable.js';
import { seeded } from './random.js';
import type { HardCase } from './hard-case.js';
import type { Entry } from './tally.js';
import { lateness } from './trial.js';

export const HARD_CASES: readonly HardCase[] = [
  unkillable,
  saturated,
  fullState,
  readOnlyState,
  goneState,
  frozenAgent,
];

export interface HardJob {
  readonly name: string;
  readonly version: 'v1' | 'v2';
  readonly times: number;
}

/** Carries a case out `times` times. Stops between two runs when `over` says so. */
export async function runHard(job: HardJob, over: () => boolean, tell: (entry: Entry) => void): Promise<void> {
  const found = HARD_CASES.find(({ name }) => name === job.name);
  if (found === undefined) throw new Error(`there is no case ${job.name}`);
  if (!found.versions.includes(job.version)) return;
  for (let time = 0; time < job.times && !over(); time++) {
    const outcome = await found.run(job.version, seeded(time));
    const told = (what: string): string => `${found.name}, ${job.version}: ${what}`;
    const late = lateness(outcome.milliseconds, found.bound);
    const left = outcome.left.map(told);
    const all = { ...outcome, left, ...(late === undefined ? {} : { late: told(late) }) };
    tell({ row: found.row, version: job.version, bound: found.bound, outcome: all });
    cleanupAll();
  }
}
