/** Runs the trials of one row on one node, one after the other, with one target. */
import type { Random } from '../../chaos/random.js';
import type { Entry } from '../../chaos/tally.js';
import type { Ground, Moment, Row } from './row.js';
import { startTarget } from './target.js';
import { runTrial } from './trial.js';

/** The default moments: half of the trials strike in a hold. */
export const MOMENTS: readonly Moment[] = ['hold', 'frozen', 'hold', 'anywhere'];

export async function runSeries(
  row: Row,
  ground: Ground,
  times: number,
  random: Random,
  tell: (entry: Entry) => void,
): Promise<void> {
  let target = await startTarget(ground.world, ground.site, row.others);
  const moments = row.moments ?? MOMENTS;
  for (let index = 0; index < times; index++) {
    const moment = moments[index % moments.length] ?? 'hold';
    const outcome = await runTrial({ row, ground, target, random, moment, name: `${row.name}-${index}` });
    tell({ row: row.row, version: ground.site.version, bound: row.bound, outcome });
    const isUsed = row.endsPod === true || row.others !== undefined;
    if (isUsed && index + 1 < times) target = await startTarget(ground.world, ground.site, row.others);
  }
}
