/** Tells from /proc why this process could trace no task at all. */
import { readText } from '../cgroup/files.js';

/** capabilities(7) */
const CAP_SYS_PTRACE = 1n << 19n;
/** Documentation/admin-guide/LSM/Yama.rst: with this value of kernel.yama.ptrace_scope nobody may trace until the next boot. */
const NOBODY_TRACES = '3';

/** Returns one line, or undefined when nothing that /proc shows stands in the way. A security module may refuse all the same. */
export function obstacleToTracing(proc: string): string | undefined {
  const status = readText(`${proc}/self/status`);
  const effective = status.ok ? /^CapEff:\s*([0-9a-f]+)$/m.exec(status.value)?.[1] : undefined;
  if (effective !== undefined && (BigInt(`0x${effective}`) & CAP_SYS_PTRACE) === 0n) return 'CAP_SYS_PTRACE is missing';
  const scope = readText(`${proc}/sys/kernel/yama/ptrace_scope`);
  return scope.ok && scope.value.trim() === NOBODY_TRACES
    ? `Yama forbids ptrace to everyone (kernel.yama.ptrace_scope = ${NOBODY_TRACES})`
    : undefined;
}
