/** Checks how a capture whose agent died is reported: in the PodCapture, as an Event, and in a metric. */
import type { Checkpoint } from '../../../src/api/kinds.js';
import { condition, succeeded, until, value } from '../e2e/world.js';
import { readyAgent } from './agent.js';
import type { Scene } from './row.js';

const REASON = 'NodeAgentRestarted';
const RECOVERIES = /^stasis_guard_recoveries_total\{.*\} (\d+)$/gm;
const BY_GUARD = 'freezers handled by the guard';

export interface Told {
  /** A guard handled at least one freezer. */
  readonly byGuard: boolean;
  readonly missing: readonly string[];
}

export async function whatIsTold(scene: Scene, checkpoint: Checkpoint): Promise<Told> {
  const { world } = scene;
  if (succeeded(checkpoint)?.reason !== REASON) return { byGuard: false, missing: [] };
  const [capture] = await world.captures(checkpoint);
  const released = condition(capture, 'Released');
  const byGuard = released?.message.includes(BY_GUARD) === true;
  const missing = [
    ...(succeeded(capture)?.reason === REASON ? [] : [`the PodCapture says ${succeeded(capture)?.reason}`]),
    ...(released?.status === 'True' ? [] : [`Released is ${released?.status}: ${released?.message}`]),
    ...(byGuard && (await recoveriesOf(scene)) === 0 ? ['the metric counts no recovery'] : []),
  ];
  await until(`an Event ${REASON}`, async () => {
    const events = await world.events();
    return events.find(
      ({ reason, regarding: { kind, name } }) =>
        reason === REASON && kind === 'Checkpoint' && name === checkpoint.metadata.name,
    );
  });
  return { byGuard, missing };
}

/** The count since the current agent started. */
async function recoveriesOf({ world, site }: Scene): Promise<number> {
  const { pod } = await readyAgent(world, site);
  const path = `/api/v1/namespaces/stasis-system/pods/${pod.metadata.name}:8081/proxy/metrics`;
  const { text } = value(await world.api.raw('GET', path));
  return [...text.matchAll(RECOVERIES)].reduce((sum, [, count]) => sum + Number(count), 0);
}
