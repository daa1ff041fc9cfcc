/**
 * Looks at what an earlier agent may have left of a capture: closed freezers, and tasks that it still traces.
 *
 * Everything that could not be looked at is reported as unseen, and never as restored.
 */
import type { PodCapture } from '../../api/kinds.js';
import type { Clock } from '../../kube/clock.js';
import type { ContainerTarget } from '../pure/container-target.js';
import type { ContainersRequest, ContainersResolution } from '../resolve/containers.js';
import type { Tracer } from '../tracer/tracer.js';
import { ownFreezerOf } from './as-found.js';
import { tracedTasks, type TracedTask } from './traced-tasks.js';
import type { TracerPool } from './tracer-pool.js';

export interface LeftBehindParts {
  readonly proc: string;
  readonly resolve: (tracer: Pick<Tracer, 'resolve'>, request: ContainersRequest) => Promise<ContainersResolution>;
  readonly pool: Pick<TracerPool, 'look'>;
  readonly clock: Clock;
  /** Aborts when nothing may be waited for any longer. */
  readonly lastCall: AbortSignal;
}

export interface LeftBehind {
  /** Cgroups whose own freezer is closed. */
  readonly frozen: readonly ContainerTarget[];
  /** Tasks that a thread outside this process traces. */
  readonly traced: readonly TracedTask[];
  /** Why something could not be looked at. */
  readonly unseen: readonly string[];
}

/**
 * The pauses between the looks, in milliseconds. When two agents overlap, the old one may still be capturing or holding the
 * pod. When a signal or its guard ends the old agent, the pod is released within these five seconds.
 */
const LOOK_AGAIN_AFTER_MS = [100, 200, 400, 800, 1600, 2000];

/** Looks until nothing is left and everything was seen, and at most for five seconds. */
export async function leftBehind(parts: LeftBehindParts, { spec }: PodCapture): Promise<LeftBehind> {
  for (let look = 0; ; look++) {
    const left = await lookOnce(parts, spec);
    const pause = LOOK_AGAIN_AFTER_MS[look];
    const isClear = left.frozen.length + left.traced.length + left.unseen.length === 0;
    if (isClear || pause === undefined || parts.lastCall.aborted) return left;
    await parts.clock.sleep(pause, parts.lastCall);
  }
}

async function lookOnce(parts: LeftBehindParts, spec: PodCapture['spec']): Promise<LeftBehind> {
  const found = await targetsOf(parts, spec);
  const freezers = found.targets.map((target) => ({ target, state: ownFreezerOf(target) }));
  const { traced, unseen } = await tracedTasks(parts.proc, found.targets, parts.clock);
  return {
    frozen: freezers.filter(({ state }) => state === 'closed').map(({ target }) => target),
    // Tasks that this process itself traces belong to another capture, which reports them.
    traced: traced.filter(({ tracerPid }) => tracerPid !== process.pid),
    unseen: [
      ...found.unseen,
      ...freezers.flatMap(({ target, state }) => (state === 'unseen' ? [`the freezer of ${target.directory}`] : [])),
      ...unseen,
    ],
  };
}

async function targetsOf(
  { pool, resolve }: LeftBehindParts,
  { podUID, containers }: PodCapture['spec'],
): Promise<{ readonly targets: readonly ContainerTarget[]; readonly unseen: readonly string[] }> {
  try {
    const found = await pool.look(async (tracer) => {
      const ask = async (wanted: typeof containers): Promise<ContainersResolution> =>
        await resolve(tracer, { uid: podUID, containers: wanted, freezer: 'auto' });
      const whole = await ask(containers);
      if (whole.ok || containers.length === 1) return [whole];
      // A container that is gone must not hide the others.
      const each: ContainersResolution[] = [];
      for (const container of containers) each.push(await ask([container]));
      return each;
    });
    return {
      targets: found.flatMap((one) => (one.ok ? one.containers : [])),
      // A cgroup that is gone left nothing behind.
      unseen: found.flatMap((one) => (one.ok || one.failure.reason === 'CgroupGone' ? [] : [one.failure.message])),
    };
  } catch (error) {
    return { targets: [], unseen: [error instanceof Error ? error.message : String(error)] };
  }
}
