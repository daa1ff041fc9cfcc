/**
 * The seam to the kernel: everything that a capture asks of it, synchronously, on the calling OS thread.
 *
 * Two implementations keep the same contract (test/contract): {@link ./linux-kernel.ts} for real, and the
 * scripted one of the tests.
 *
 * Results follow the kernel's own convention, because the hot loops make tens of thousands of these calls while a
 * pod stands still: zero or more is success, a negative number is `-errno`. `syscallError()` turns one into a value
 * with facts as soon as it leaves the loop.
 */
export interface Kernel {
  /** Id of the calling process (thread group). */
  readonly pid: number;

  /** Id of the calling thread, which is what TracerPid of its tracees says. */
  readonly tid: number;

  /** CLOCK_MONOTONIC in microseconds. It does not stop for anything but suspend-to-RAM. */
  now(): number;

  /** Sleeps about so long; a signal may end it early. Never called with more than 50 ms. */
  sleep(microseconds: number): void;

  readonly files: KernelFiles;
  readonly ptrace: KernelPtrace;
}

/** Files of /proc and cgroupfs. Nothing here may be pointed at a file system of a pod while it is held. */
export interface KernelFiles {
  /** open(2) with O_CLOEXEC. Returns a file descriptor. */
  open(path: string, access: 'read' | 'write'): number;
  close(fd: number): number;
  /** pread(2): returns the number of bytes, 0 at the end. */
  pread(fd: number, into: Uint8Array, offset: number): number;
  /** write(2), whole text at once, as kernel interface files want it. */
  write(fd: number, text: string): number;
  /** Waits until a kernfs file such as cgroup.events notifies (POLLPRI): 1, or 0 after `microseconds`. */
  pollEvent(fd: number, microseconds: number): number;
  /** open, one read, close. One read returns a whole seq_file of /proc when `into` is large enough. Returns bytes read. */
  readInto(path: string, into: Uint8Array): number;
  /** readlink(2): the link's text, which is never followed. Returns bytes. */
  readlinkInto(path: string, into: Uint8Array): number;
  /** Names in a directory, or -errno. */
  list(path: string): readonly string[] | number;
  /** Names of the sub-directories of a directory, or -errno. */
  directories(path: string): readonly string[] | number;
}

/** PTRACE_O_* that this project uses; PTRACE_O_EXITKILL is never among them. ptrace(2), PTRACE_SETOPTIONS. */
export const TRACE_FORK = 0x2;
export const TRACE_VFORK = 0x4;
export const TRACE_CLONE = 0x8;
export const TRACE_EXEC = 0x10;
/**
 * What every tracee is seized with: its children and threads are attached by the kernel before they run, so that nothing
 * slips away should the freezer have to open early.
 */
export const TRACE_OPTIONS = TRACE_FORK | TRACE_VFORK | TRACE_CLONE | TRACE_EXEC;

/**
 * ptrace(2) and waitid(2). Tracees belong to the calling OS *thread*: its end, however it comes, releases them all.
 */
export interface KernelPtrace {
  /** PTRACE_SEIZE. Does not stop the task. May block on cgroup v1 when the target is in a job-control stop and FROZEN. */
  seize(tid: number, options: number): number;
  /** PTRACE_INTERRUPT. */
  interrupt(tid: number): number;
  /** PTRACE_DETACH with a signal to deliver (0: none). ESRCH when the tracee is not in a ptrace stop. */
  detach(tid: number, signal: number): number;
  /** PTRACE_GETEVENTMSG: the number, or -errno. */
  eventMessage(tid: number): number;
  /**
   * waitid(P_PID, tid, WSTOPPED|WEXITED|WNOWAIT|WNOHANG|__WALL): looks and consumes nothing, so that a signal whose
   * delivery stopped the task is not lost if we die. Returns 0 when nothing is to be reported, -errno (ECHILD: not
   * ours, or gone), else `si_code << 16 | si_status` for `decodeWait()`.
   */
  peek(tid: number): number;
  /** waitid(P_PID, tid, WEXITED|WNOHANG|__WALL): reaps a dead tracee for its parent to see. 1 reaped, 0 not dead, -errno. */
  reap(tid: number): number;
}
