/** Checks that Linux keeps the same contract as the scripted kernel of the unit tests. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createLinuxKernel } from '../../src/native/linux-kernel.js';
import { openLibc } from '../../src/native/libc.js';
import { freezerContract, kernelContract } from '../contract/kernel-contract.js';
import type { World, WorldCgroup } from '../contract/world.js';
import { makeCgroup, type Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { childrenOf, commOf, stateOf, threadsOf, tracerPidOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const KTHREADD = 2;

function made(version: 'v1' | 'v2', name: string): Cgroup {
  const result = makeCgroup(version, name);
  if (!result.ok) throw new Error(result.reason);
  return result.cgroup;
}

async function startSleeper(cgroup?: Cgroup): Promise<number> {
  const { pid } = await startWorkload(cgroup, 'sleeper');
  await eventually('it sleeps', () => stateOf(pid) === 'S');
  return pid;
}

function realWorld(): World {
  const kernel = createLinuxKernel(openLibc());
  const cgroups = new Map<string, Cgroup>();
  const wrap = (cgroup: Cgroup): WorldCgroup => {
    cgroups.set(cgroup.directory, cgroup);
    return {
      directory: cgroup.directory,
      child: (name) => wrap(cgroup.child(name)),
      makeThreaded: () => writeFileSync(`${cgroup.directory}/cgroup.type`, 'threaded'),
      remove: () => cgroup.remove(),
    };
  };
  const place = (cgroup: WorldCgroup | undefined): Cgroup | undefined => cgroups.get(cgroup?.directory ?? '');

  return {
    kernel,
    kernelThread: commOf(KTHREADD) === 'kthreadd' ? KTHREADD : undefined,
    makeCgroup: (version, name) => wrap(made(version, name)),
    startIdle: async (threads, cgroup) => {
      if (threads === 1) {
        // This task is an orphan: when it is killed, process 1 reaps it. A dead child of tree would stay a zombie.
        const pid = await startSleeper(place(cgroup));
        return { pid, tids: [pid] };
      }
      const tree = await startWorkload(place(cgroup), 'tree', [1, threads]);
      const pid = onlyChild(tree.pid);
      await eventually('all its threads sleep', () => threadsOf(pid).every((tid) => stateOf(tid) === 'S'));
      return { pid, tids: threadsOf(pid) };
    },
    startStopped: async (cgroup) => {
      const parent = await startWorkload(place(cgroup), 'stopped', [`${scratchDirectory()}/counters`]);
      return onlyChild(parent.pid);
    },
    startTracedByOther: async () => {
      const pid = await startSleeper();
      await startWorkload(undefined, 'tracer', [pid]);
      await eventually('it is traced', () => tracerPidOf(pid) !== 0);
      return pid;
    },
    startZombie: async () => onlyChild((await startWorkload(undefined, 'zombies', [1])).pid),
    startDeadLeader: async (cgroup) => {
      const { pid } = await startWorkload(place(cgroup), 'dead-leader', [3]);
      return { pid, tids: threadsOf(pid).filter((tid) => tid !== pid) };
    },
    startVforkParent: async () => {
      const parent = await startWorkload(undefined, 'vfork-parent', [0]);
      const child = Number(/child (\d+)/.exec(parent.output())?.[1]);
      return { pid: parent.pid, end: () => void process.kill(child, 'SIGUSR1') };
    },
    startForkChain: async () => {
      const cgroup = made(anyVersion(), 'chain');
      const { pid } = await startWorkload(cgroup, 'fork-storm', [1]);
      return { links: () => cgroup.threads().filter((tid) => tid !== pid) };
    },
    // A child of this process, for which spawnSync() has waited. Process 1 may take any time to reap an orphan.
    deadTid: () => spawnSync('true').pid,
    signal: (pid, signal) => void process.kill(pid, signal),
    dispose: cleanupAll,
  };
}

/** Returns the pid of the only child. Throws when there is none: a pid of 0 would mean the process group of this process. */
function onlyChild(pid: number): number {
  const [child] = childrenOf(pid);
  if (child === undefined) throw new Error(`process ${pid} has no child`);
  return child;
}

describeOn(anyVersion(), 'Linux', () => kernelContract('Linux', realWorld));
describeOn('v1', 'Linux freezer', () => freezerContract('v1', realWorld));
describeOn('v2', 'Linux freezer', () => freezerContract('v2', realWorld));
