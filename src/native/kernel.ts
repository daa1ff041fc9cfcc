/**
 * The seam to the kernel: all calls that a capture makes, synchronous and on the calling OS thread.
 *
 * Two implementations keep the same contract (test/contract): the real one in {@link ./linux-kernel.ts}, and the scripted one of
 * the tests.
 *
 * Results follow the kernel's own convention, because the hot loops make tens of thousands of these calls while a pod stands
 * still: zero or more is success, a negative number is `-errno`. `syscallError()` turns a negative result into a value with facts
 * as soon as the result leaves the loop.
 */
export interface Kernel {
  /** Id of the calling process (thread group). */
  readonly pid: number;

  /** Id of the calling thread. The tracees of this thread show this id as TracerPid. */
  readonly tid: number;

  /** CLOCK_MONOTONIC in microseconds. The clock stops only during suspend-to-RAM. */
  now(): number;

  /** Sleeps for about this time; a signal may end the sleep early. No caller passes more than 50 ms. */
  sleep(microseconds: number): void;

  readonly files: KernelFiles;
  readonly ptrace: KernelPtrace;
}

/** Files of /proc and cgroupfs. While a pod is held, no path into a file system of the pod may be passed here. */
export interface KernelFiles {
  /** open(2) with O_CLOEXEC. Returns a file descriptor. */
  open(path: string, access: 'read' | 'write'): number;
  close(fd: number): number;
  /** pread(2): returns the number of bytes, 0 at the end. */
  pread(fd: number, into: Uint8Array, offset: number): number;
  /** write(2) of the whole text in one call, as kernel interface files require. */
  write(fd: number, text: string): number;
  /** Waits until a kernfs file such as cgroup.events notifies (POLLPRI). Returns 1, or 0 after `microseconds`. */
  pollEvent(fd: number, microseconds: number): number;
  /**
   * Opens, reads once and closes. One read returns a whole seq_file of /proc when `into` is large enough. Returns the number of
   * bytes.
   */
  readInto(path: string, into: Uint8Array): number;
  /** readlink(2): reads the text of the link and does not follow the link. Returns the number of bytes. */
  readlinkInto(path: string, into: Uint8Array): number;
  /** Names in a directory, or -errno. */
  list(path: string): readonly string[] | number;
  /** Names of the sub-directories of a directory, or -errno. */
  directories(path: string): readonly string[] | number;
}

/** The PTRACE_O_* options that this project uses: ptrace(2), PTRACE_SETOPTIONS. PTRACE_O_EXITKILL is never among them. */
export const TRACE_FORK = 0x2;
export const TRACE_VFORK = 0x4;
export const TRACE_CLONE = 0x8;
export const TRACE_EXEC = 0x10;
/**
 * Every tracee is seized with these options: the kernel then attaches the tracee's children and threads before they run, so that
 * no task slips away if the freezer has to open early.
 */
export const TRACE_OPTIONS = TRACE_FORK | TRACE_VFORK | TRACE_CLONE | TRACE_EXEC;

/** ptrace(2) and waitid(2). Tracees belong to the calling OS *thread*: the end of that thread, for whatever reason, releases them all. */
export interface KernelPtrace {
  /** PTRACE_SEIZE. Does not stop the task. May block on cgroup v1 when the target is in a job-control stop and FROZEN. */
  seize(tid: number, options: number): number;
  /** PTRACE_INTERRUPT. */
  interrupt(tid: number): number;
  /** PTRACE_DETACH with a signal to deliver (0: none). ESRCH when the tracee is not in a ptrace stop. */
  detach(tid: number, signal: number): number;
  /** PTRACE_GETEVENTMSG. Returns the event's message, which is a number, or -errno. */
  eventMessage(tid: number): number;
  /**
   * waitid(P_PID, tid, WSTOPPED|WEXITED|WNOWAIT|WNOHANG|__WALL): looks and consumes nothing, so that a signal whose delivery
   * stopped the task is not lost if we die. Returns 0 when there is nothing to report, -errno on failure (ECHILD: the task is not
   * our tracee, or is gone), otherwise `si_code << 16 | si_status` for `decodeWait()`.
   */
  peek(tid: number): number;
  /**
   * waitid(P_PID, tid, WEXITED|WNOHANG|__WALL): reaps a dead tracee, so that its parent sees the death. Returns 1 when the tracee
   * was reaped, 0 when it is not dead, or -errno.
   */
  reap(tid: number): number;
}
