/** Stops the thread that holds a pod, and nothing else of its process: on v1, a thread can be in a freezer of its own. */
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Part } from '../chaos/agent.js';
import { cgroupNamed, read, type Site } from '../chaos/site.js';
import type { Target } from '../chaos/target.js';
import { until } from './world.js';

export interface StoppedThread {
  /** Lets the thread go on where it was. */
  release(): Promise<void>;
}

/** @param agent The container of the process that holds the target. */
export async function stopTracer(site: Site, target: Target, agent: Part): Promise<StoppedThread> {
  const directory = join(site.freezer, 'stopped-tracer');
  mkdirSync(directory);
  const release = async (): Promise<void> => {
    writeFileSync(join(directory, 'freezer.state'), 'THAWED');
    const home = cgroupNamed(site.freezer, agent.id);
    if (home !== undefined) for (const tid of tasksIn(directory)) moveBack(home, tid);
    await until(
      'the thread to have left',
      async () => await Promise.resolve(tasksIn(directory).length === 0 || undefined),
    );
    rmdirSync(directory);
  };
  try {
    writeFileSync(join(directory, 'tasks'), String(await tracerOf(target)));
    writeFileSync(join(directory, 'freezer.state'), 'FROZEN');
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The thread that traces the target's tasks, by its id in the namespace of this process. */
async function tracerOf(target: Target): Promise<number> {
  return await until('a tracer of the target', async () => {
    const tasks = target.closable.flatMap(tasksIn);
    const tracers = tasks.map((tid) => /^TracerPid:\t(\d+)/m.exec(read(`/proc/${tid}/status`))?.[1] ?? '0');
    const tracer = tracers.find((tid) => tid !== '0');
    return await Promise.resolve(tracer === undefined ? undefined : Number(tracer));
  });
}

/** The thread may have ended meanwhile. */
function moveBack(home: string, tid: string): void {
  try {
    writeFileSync(join(home, 'tasks'), tid);
  } catch {
    // The thread is gone.
  }
}

export function tasksIn(directory: string): readonly string[] {
  return read(join(directory, 'tasks')).split('\n').filter(Boolean);
}
