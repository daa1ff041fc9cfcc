/** The contract's world on the fake host. */
import type { CgroupVersion, World, WorldCgroup } from '../contract/world.js';
import { FakeHost } from './host.js';
import { createFakeKernel } from './kernel.js';

const KTHREADD = 2;
/** How long a process of the fork chain lives. */
const LINK_MICROSECONDS = 1000;
/** How often a waiting action checks whether its task runs. */
const LOOK_MICROSECONDS = 50;

/** Creates a fresh host and its kernel. */
export function fakeWorld(): World {
  const host = new FakeHost();
  const kernel = createFakeKernel(host);
  host.addProcess({ tid: KTHREADD, comm: 'kthreadd', kthread: true, ppid: 0, pgid: 0, sid: 0 });
  const paths = new Map<string, { version: CgroupVersion; path: string }>();

  const cgroupAt = (version: CgroupVersion, path: string): WorldCgroup => {
    const cgroup = host.addCgroup(version, path);
    const directory = host.directory(version, path);
    paths.set(directory, { version, path });
    return {
      directory,
      child: (name) => cgroupAt(version, `${path}/${name}`),
      makeThreaded: () => {
        cgroup.threaded = true;
      },
      remove: () => host.removeCgroup(version, path),
    };
  };
  const place = (cgroup: WorldCgroup | undefined): { v1?: string; v2?: string } => {
    const found = paths.get(cgroup?.directory ?? '');
    return found === undefined ? {} : { [found.version]: found.path };
  };

  return {
    kernel,
    kernelThread: KTHREADD,
    makeCgroup: (version, name) => cgroupAt(version, `/test-${name}`),
    startIdle: (threads, cgroup) => {
      const pid = host.addProcess({ ...place(cgroup), threads: threads - 1 });
      return { pid, tids: threadsOf(host, pid) };
    },
    startStopped: (cgroup) => host.addProcess({ ...place(cgroup), stopSignal: 19 }),
    startTracedByOther: () => {
      const pid = host.addProcess();
      host.trace(pid, host.addProcess({ comm: 'debugger' }));
      return pid;
    },
    startZombie: () => {
      const pid = host.addProcess({ parentReaps: false });
      host.exit(pid);
      return pid;
    },
    startDeadLeader: (cgroup) => {
      const pid = host.addProcess({ ...place(cgroup), threads: 2 });
      host.exit(pid);
      return { pid, tids: threadsOf(host, pid).filter((tid) => tid !== pid) };
    },
    startVforkParent: () => {
      const pid = host.addProcess();
      const child = host.spawn(pid, 'vfork') ?? 0;
      return { pid, end: () => (host.kill(child), host.setActivity(pid, 'sleeping', 'hrtimer_nanosleep')) };
    },
    startForkChain: () => startForkChain(host),
    deadTid: () => {
      const pid = host.addProcess();
      host.kill(pid);
      return pid;
    },
    signal: (pid, signal) => host.signal(pid, signal),
    dispose: () => undefined,
  };
}

function threadsOf(host: FakeHost, pid: number): number[] {
  return [...host.state.tasks.values()].filter((task) => task.tgid === pid).map((task) => task.tid);
}

function startForkChain(host: FakeHost): { links(): readonly number[] } {
  const links = new Set<number>();
  const live = (tid: number): void => {
    links.add(tid);
    whenRunning(host, tid, LINK_MICROSECONDS, () => {
      const child = host.spawn(tid, 'fork');
      if (child !== undefined) live(child);
      // The process exits when it runs again: at once, or after a tracer has released it from its fork event.
      whenRunning(host, tid, 0, () => {
        links.delete(tid);
        host.exit(tid);
      });
    });
  };
  live(host.addProcess({ comm: 'link' }));
  return { links: () => [...links] };
}

/** Runs `action` after that time, as soon as the task runs. */
function whenRunning(host: FakeHost, tid: number, after: number, action: () => void): void {
  host.later(after, () => {
    if (!host.exists(tid)) return;
    if (host.runs(tid)) action();
    else whenRunning(host, tid, LOOK_MICROSECONDS, action);
  });
}
