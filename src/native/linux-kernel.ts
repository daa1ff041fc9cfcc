/** The real {@link Kernel}: Linux through libc. */
import { readlinkSync } from 'node:fs';
import type { Kernel } from './kernel.js';
import type { Libc } from './libc.js';
import { linuxFiles } from './linux-files.js';
import { linuxPtrace } from './linux-ptrace.js';
import { setTimespec } from './timespec.js';

const CLOCK_MONOTONIC = 1;

/** Makes the kernel seam of the calling thread. The seam owns small buffers, so two threads must not share it. */
export function createLinuxKernel(libc: Libc): Kernel {
  const timespec = new Uint8Array(16);
  return {
    pid: process.pid,
    tid: callingThread(),
    now: () => Number(process.hrtime.bigint()) / 1000,
    sleep: (microseconds) => {
      setTimespec(timespec, microseconds);
      libc.clockNanosleep(CLOCK_MONOTONIC, 0, timespec);
    },
    files: linuxFiles(libc),
    ptrace: linuxPtrace(libc),
  };
}

/** /proc/thread-self leads to `PID/task/TID` (proc(5)); gettid(2) has no wrapper in older C libraries. */
function callingThread(): number {
  return Number(readlinkSync('/proc/thread-self').split('/')[2]);
}
