/**
 * The rows of docs/safety.md that concern a part of the cluster, once on each node. `make chaos-cluster` runs each of
 * them often.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seeded } from '../../chaos/random.js';
import { openGround } from '../chaos/ground.js';
import { killedAgent } from '../chaos/kills.js';
import { type Told, whatIsTold } from '../chaos/reported.js';
import type { Ground } from '../chaos/row.js';
import { ROWS } from '../chaos/rows.js';
import { MOMENTS } from '../chaos/series.js';
import { startTarget, type Target } from '../chaos/target.js';
import { runTrial } from '../chaos/trial.js';
import { describeOnNamespaceNodes } from './requirement.js';

/** Rows with tests of their own: drain.test.ts, uninstall.test.ts, faults.test.ts. */
const ELSEWHERE = ['rollout', 'drain', 'uninstall', 'power'];
/**
 * Rows that are left out on the node with that freezer; they run on the other node. Each takes half a minute, most of it
 * for new pods or for a server to come back, and the freezer makes no difference to them.
 */
const NOT_ON = { v1: ['read-only', 'apiserver'], v2: ['disk-full', 'gone'] };
/**
 * Factor for the bounds: tests may run on a busy machine, where only "nothing is left" is checked strictly. `make
 * chaos-cluster` checks the bounds themselves.
 */
const BUSY = 3;
/** Most attempts. A killed agent is caught with a closed freezer about every second time. */
const ATTEMPTS = 12;

describeOnNamespaceNodes('nothing stays frozen', ({ freezer }) => {
  const version = freezer === 'v1' ? 'v1' : 'v2';
  const random = seeded(version === 'v1' ? 1 : 2);
  let ground: Ground;
  let target: Target;
  beforeAll(async () => {
    ground = await openGround(version);
    target = await startTarget(ground.world, ground.site);
  });
  afterAll(async () => await ground.world.close());

  const without = [...ELSEWHERE, ...NOT_ON[version]];
  const rows = ROWS.filter(({ name, versions }) => !without.includes(name) && versions?.includes(version) !== false);
  test.each(rows)('$row', async (row) => {
    if (row.others !== undefined) target = await startTarget(ground.world, ground.site, row.others);
    const moments = row.moments ?? MOMENTS;
    // Where a row has both moments, one node is struck in a hold and the other in the freezer's window.
    const moment = moments[version === 'v1' ? 0 : 1] ?? moments[0] ?? 'hold';
    const outcome = await runTrial({ row, ground, target, random, moment, name: row.name });
    expect(outcome.left).toEqual([]);
    expect(outcome.milliseconds).toBeLessThan(BUSY * row.bound);
  });

  test('a PodCapture, an Event and a metric report what the guard did for a killed agent', async () => {
    target = await startTarget(ground.world, ground.site);
    const all: Told[] = [];
    const row = {
      ...killedAgent,
      check: async (...[scene, checkpoint]: Parameters<typeof whatIsTold>) => {
        const told = await whatIsTold(scene, checkpoint);
        all.push(told);
        return told.missing;
      },
    };
    for (let attempt = 1; attempt <= ATTEMPTS && !all.some(({ byGuard }) => byGuard); attempt++) {
      const plan = { row, ground, target, random, moment: 'frozen', name: `told-${attempt}` } as const;
      expect((await runTrial(plan)).left).toEqual([]);
    }
    expect(all.some(({ byGuard }) => byGuard)).toBe(true);
  });
});
