/** What the contract needs from an implementation: the kernel seam, and ways to create cgroups and tasks. */
import type { Kernel } from '../../src/native/kernel.js';

export type CgroupVersion = 'v1' | 'v2';

export interface WorldCgroup {
  /** An absolute path. */
  readonly directory: string;
  child(name: string): WorldCgroup;
  /** v2: makes this cgroup, which must be empty, a threaded cgroup (cgroup.type `threaded`). */
  makeThreaded(): void;
  /** Removes the cgroup, which must be empty. */
  remove(): void;
}

/** A process whose threads all sleep. It is not a child of the process that runs the contract. */
export interface WorldProcess {
  readonly pid: number;
  /** The TIDs of the living threads, the leader first if it is alive. */
  readonly tids: readonly number[];
}

type MaybePromise<T> = T | Promise<T>;

export interface World {
  readonly kernel: Kernel;
  /** The PID of a kernel thread, where one can be seen. */
  readonly kernelThread: number | undefined;
  makeCgroup(version: CgroupVersion, name: string): WorldCgroup;
  /** Starts a process with this number of threads, leader included. Without `cgroup` it runs anywhere. */
  startIdle(threads: number, cgroup?: WorldCgroup): MaybePromise<WorldProcess>;
  /** Starts a process of one thread in a job-control stop by SIGSTOP. Returns its pid. */
  startStopped(cgroup?: WorldCgroup): MaybePromise<number>;
  /** Starts a process of one thread that somebody else traces. Returns its pid. */
  startTracedByOther(): MaybePromise<number>;
  /** Starts a zombie whose parent does not wait for it. Returns its pid. */
  startZombie(): MaybePromise<number>;
  /** Starts a process whose leader has exited. */
  startDeadLeader(cgroup?: WorldCgroup): MaybePromise<WorldProcess>;
  /** Starts a process that waits in vfork until `end` is called. */
  startVforkParent(): MaybePromise<{ readonly pid: number; end(): void }>;
  /**
   * Starts a chain of processes. Each lives for a millisecond, forks the next one and exits. `links` returns those that
   * exist now.
   */
  startForkChain(): MaybePromise<{ links(): readonly number[] }>;
  /** Returns the TID of a task that no longer exists. */
  deadTid(): MaybePromise<number>;
  /** Sends a signal by its number. */
  signal(pid: number, signal: number): void;
  /** Ends and removes everything that was created. */
  dispose(): MaybePromise<void>;
}

export type MakeWorld = () => MaybePromise<World>;

export const SIGKILL = 9;
export const SIGCONT = 18;
export const SIGSTOP = 19;
/** Ignored unless a program handles it, so it does no harm; but it does stop a tracee. */
export const SIGWINCH = 28;
/** Errno values that only the contract uses. */
export const EBADF = 9;
export const ENOTDIR = 20;
export const EINVAL = 22;
export const ERANGE = 34;

/** Pause between two looks. */
const LOOK_MICROSECONDS = 500;
/** Default limit for waiting. */
const BOUND_MICROSECONDS = 2_000_000;

/**
 * Sleeps on the kernel under test, without yielding this thread, until `condition` holds. Returns whether it came to
 * hold in time.
 */
export function comesTrue(kernel: Kernel, condition: () => boolean, bound = BOUND_MICROSECONDS): boolean {
  const end = kernel.now() + bound;
  while (!condition()) {
    if (kernel.now() > end) return false;
    kernel.sleep(LOOK_MICROSECONDS);
  }
  return true;
}

/** Returns the whole text of a file, or -errno as a text such as `-2`. */
export function textOf(kernel: Kernel, path: string): string {
  const into = new Uint8Array(16 << 10);
  const length = kernel.files.readInto(path, into);
  return length < 0 ? String(length) : new TextDecoder().decode(into.subarray(0, length));
}

/** A field of /proc/TID/status. */
export function statusField(kernel: Kernel, tid: number, field: string): string | undefined {
  const line = textOf(kernel, `/proc/${tid}/status`)
    .split('\n')
    .find((each) => each.startsWith(`${field}:\t`));
  return line?.slice(field.length + 2);
}

export function stateLetter(kernel: Kernel, tid: number): string | undefined {
  return statusField(kernel, tid, 'State')?.charAt(0);
}

/** Writes a whole interface file. Returns the number of bytes, or -errno. */
export function writeTo(kernel: Kernel, path: string, text: string): number {
  const fd = kernel.files.open(path, 'write');
  if (fd < 0) return fd;
  const result = kernel.files.write(fd, text);
  kernel.files.close(fd);
  return result;
}
