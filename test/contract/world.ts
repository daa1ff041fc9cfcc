/** What the contract needs of a kernel to be held against it: the seam, and means to make cgroups and tasks. */
import type { Kernel } from '../../src/native/kernel.js';

export type CgroupVersion = 'v1' | 'v2';

export interface WorldCgroup {
  /** Absolute. */
  readonly directory: string;
  child(name: string): WorldCgroup;
  /** v2: makes this cgroup, still empty, one of threads: cgroup.type threaded. */
  makeThreaded(): void;
  /** Removes it; it has to be empty. */
  remove(): void;
}

/** A process whose threads all sleep. It is no child of the process that runs the contract. */
export interface WorldProcess {
  readonly pid: number;
  /** The living threads; the leader first, if it lives. */
  readonly tids: readonly number[];
}

type MaybePromise<T> = T | Promise<T>;

export interface World {
  readonly kernel: Kernel;
  /** Of a kernel thread, where one is to be seen. */
  readonly kernelThread: number | undefined;
  makeCgroup(version: CgroupVersion, name: string): WorldCgroup;
  /** A process of so many threads, leader included; without a cgroup it is wherever. */
  startIdle(threads: number, cgroup?: WorldCgroup): MaybePromise<WorldProcess>;
  /** A process of one thread in a job-control stop by SIGSTOP. Returns its pid. */
  startStopped(cgroup?: WorldCgroup): MaybePromise<number>;
  /** A process of one thread that somebody else traces. Returns its pid. */
  startTracedByOther(): MaybePromise<number>;
  /** A zombie whose parent does not wait for it. Returns its pid. */
  startZombie(): MaybePromise<number>;
  /** A process whose leader has exited. */
  startDeadLeader(cgroup?: WorldCgroup): MaybePromise<WorldProcess>;
  /** A process in vfork until `end` is called. */
  startVforkParent(): MaybePromise<{ readonly pid: number; end(): void }>;
  /** Processes that live for a millisecond, fork the next and exit; `links` are those that are there now. */
  startForkChain(): MaybePromise<{ links(): readonly number[] }>;
  /** The id of a task that was and is no more. */
  deadTid(): MaybePromise<number>;
  /** Sends a signal by its number. */
  signal(pid: number, signal: number): void;
  /** Ends and removes what was made. */
  dispose(): MaybePromise<void>;
}

export type MakeWorld = () => MaybePromise<World>;

export const SIGKILL = 9;
export const SIGCONT = 18;
export const SIGSTOP = 19;
/** Ignored unless handled, so it harms nobody, and stops a tracee all the same. */
export const SIGWINCH = 28;
/** Errno values that only the contract asks for. */
export const EBADF = 9;
export const ENOTDIR = 20;
export const EINVAL = 22;
export const ERANGE = 34;

/** Between two looks. */
const LOOK_MICROSECONDS = 500;
const BOUND_MICROSECONDS = 2_000_000;

/** Sleeps on the kernel under test until `condition` holds; says whether it came to. Gives up no thread. */
export function comesTrue(kernel: Kernel, condition: () => boolean, bound = BOUND_MICROSECONDS): boolean {
  const end = kernel.now() + bound;
  while (!condition()) {
    if (kernel.now() > end) return false;
    kernel.sleep(LOOK_MICROSECONDS);
  }
  return true;
}

/** Whole text of a file; -errno as text such as `-2`. */
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

/** Writes a whole interface file. Bytes, or -errno. */
export function writeTo(kernel: Kernel, path: string, text: string): number {
  const fd = kernel.files.open(path, 'write');
  if (fd < 0) return fd;
  const result = kernel.files.write(fd, text);
  kernel.files.close(fd);
  return result;
}
