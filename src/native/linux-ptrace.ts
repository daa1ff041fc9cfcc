import type { KernelPtrace } from './kernel.js';
import type { Libc } from './libc.js';
import { isDead, packWait } from './wait-status.js';

/** Requests of ptrace(2); the same numbers on every architecture (linux/ptrace.h). */
const PTRACE_DETACH = 17;
const PTRACE_GETEVENTMSG = 0x4201;
const PTRACE_SEIZE = 0x4206;
const PTRACE_INTERRUPT = 0x4207;

/** waitid(2). */
const P_PID = 1;
const WNOHANG = 0x1;
const WSTOPPED = 0x2;
const WEXITED = 0x4;
const WNOWAIT = 0x0100_0000;
/** Without this flag, waitid(2) passes over clones that do not send SIGCHLD. */
const WALL = 0x4000_0000;

/**
 * siginfo_t of a SIGCHLD, for pointers of 64 bits and si_code before the union (x86-64, arm64): si_code is at offset 8, si_pid at
 * 16, si_status at 24. sigaction(2); asm-generic/siginfo.h.
 */
const SIGINFO_SIZE = 128;
const SI_CODE = 8;
const SI_PID = 16;
const SI_STATUS = 24;

/** ptrace(2) and waitid(2) of the calling thread. */
export function linuxPtrace(libc: Libc): KernelPtrace {
  const info = new Uint8Array(SIGINFO_SIZE);
  const view = new DataView(info.buffer);
  const message = new Uint8Array(8);
  const messageView = new DataView(message.buffer);

  /** waitid leaves si_pid 0 when WNOHANG found nothing (waitid(2)). si_pid is cleared first, because old kernels do not write it then. */
  const wait = (idType: number, id: number, options: number): number => {
    view.setInt32(SI_PID, 0, true);
    const result = libc.waitid(idType, id, info, options | WNOHANG | WALL);
    return result < 0 ? result : view.getInt32(SI_PID, true);
  };

  return {
    seize: (tid, options) => libc.ptrace(PTRACE_SEIZE, tid, 0, options),
    interrupt: (tid) => libc.ptrace(PTRACE_INTERRUPT, tid, 0, 0),
    detach: (tid, signal) => libc.ptrace(PTRACE_DETACH, tid, 0, signal),
    eventMessage: (tid) => {
      const result = libc.ptraceInto(PTRACE_GETEVENTMSG, tid, 0, message);
      return result < 0 ? result : Number(messageView.getBigUint64(0, true));
    },
    peek: (tid) => {
      const found = wait(P_PID, tid, WSTOPPED | WEXITED | WNOWAIT);
      if (found <= 0) return found;
      return packWait(view.getInt32(SI_CODE, true), view.getInt32(SI_STATUS, true));
    },
    reap: (tid) => {
      // A tracer is told of ptrace stops whatever the wait options say (kernel/exit.c, wait_task_stopped). Without this look, a
      // stop would be consumed and never be seen again.
      const found = wait(P_PID, tid, WEXITED | WNOWAIT);
      if (found <= 0) return found;
      if (!isDead(view.getInt32(SI_CODE, true))) return 0;
      const reaped = wait(P_PID, tid, WEXITED);
      return reaped > 0 ? 1 : reaped;
    },
  };
}
