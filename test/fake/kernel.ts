/** The scripted kernel: {@link Kernel} on a {@link FakeHost}, with a log, faults, and events between calls. */
import type { Kernel, KernelFiles, KernelPtrace } from '../../src/native/kernel.js';
import { refreshEvents } from './events.js';
import { fakeFiles } from './files.js';
import type { FakeHost } from './host.js';
import { fakePtrace, releaseTracees, type BlockedSeizeHook } from './ptrace.js';
import { Script, type CallName } from './script.js';

export interface FakeKernel extends Kernel {
  readonly script: Script;
  /** Plays the main thread while a SEIZE blocks. Without it, a SEIZE that would block throws. */
  onBlockedSeize: BlockedSeizeHook;
  /** The paths of open descriptors. */
  openPaths(): readonly string[];
  /**
   * Ends the tracing thread: the kernel releases its tracees. Later calls are those of the thread that takes over,
   * whose tid is one higher. The process and its descriptors live on.
   */
  endTracingThread(): void;
}

/** The cost of now(): a vDSO call. It is above 0 so that a loop until a given time ends. */
const NOW_MICROSECONDS = 0.25;

/** Creates the kernel seam of the host's tracing thread. */
export function createFakeKernel(host: FakeHost): FakeKernel {
  const { state } = host;
  const script = new Script();
  const files = fakeFiles(state);
  const ptrace = fakePtrace(state, (tid, block) => kernel.onBlockedSeize(tid, block));

  /** Performs one call: the script's actions before it, its cost, the call or its fault, and the consequences. */
  function call<T extends number | readonly string[]>(
    name: CallName,
    args: readonly (string | number)[],
    act: () => T,
  ): T | number {
    const at = state.clock.now();
    const begun = script.begin(name, args);
    state.clock.advance(state.options.callMicroseconds);
    if (state.dirty) refreshEvents(state);
    const result = script.fault(begun) ?? act();
    if (state.dirty) refreshEvents(state);
    script.end(begun, typeof result === 'number' ? result : result.length, at);
    return result;
  }
  const named = (fd: number): string | number => files.pathOf(fd) ?? fd;

  const seamFiles: KernelFiles = {
    open: (path, access) => call('open', [path, access], () => files.open(path, access)),
    close: (fd) => call('close', [named(fd)], () => files.close(fd)),
    pread: (fd, into, offset) => call('pread', [named(fd), offset], () => files.pread(fd, into, offset)),
    write: (fd, text) => call('write', [named(fd), text], () => files.write(fd, text)),
    pollEvent: (fd, time) => call('pollEvent', [named(fd), time], () => files.pollEvent(fd, time)),
    readInto: (path, into) => call('readInto', [path], () => files.readInto(path, into)),
    readlinkInto: (path, into) => call('readlinkInto', [path], () => files.readlinkInto(path, into)),
    list: (path) => call('list', [path], () => files.list(path)),
    directories: (path) => call('directories', [path], () => files.directories(path)),
  };
  const seamPtrace: KernelPtrace = {
    seize: (tid, options) => call('seize', [tid, options], () => ptrace.seize(tid, options)),
    interrupt: (tid) => call('interrupt', [tid], () => ptrace.interrupt(tid)),
    detach: (tid, signal) => call('detach', [tid, signal], () => ptrace.detach(tid, signal)),
    eventMessage: (tid) => call('eventMessage', [tid], () => ptrace.eventMessage(tid)),
    peek: (tid) => call('peek', [tid], () => ptrace.peek(tid)),
    reap: (tid) => call('reap', [tid], () => ptrace.reap(tid)),
  };
  const kernel: FakeKernel = {
    pid: state.options.agentPid,
    get tid() {
      return state.tracingTid;
    },
    now: () => {
      state.clock.advance(NOW_MICROSECONDS);
      return state.clock.now();
    },
    sleep: (microseconds) => {
      call('sleep', [microseconds], () => {
        state.clock.advance(microseconds);
        return 0;
      });
    },
    files: seamFiles,
    ptrace: seamPtrace,
    script,
    onBlockedSeize: () => undefined,
    openPaths: () => files.openPaths(),
    endTracingThread: () => {
      releaseTracees(state);
      const thread = state.tasks.get(state.tracingTid);
      state.tasks.delete(state.tracingTid);
      state.tracingTid += 1;
      if (thread !== undefined) state.tasks.set(state.tracingTid, Object.assign(thread, { tid: state.tracingTid }));
      refreshEvents(state);
    },
  };
  return kernel;
}
