/** Finds what a capture left behind. */
import { subtree } from './freezing.js';
import { settleAll } from './lifecycle.js';
import type { HostState } from './model.js';

export type Finding =
  /** A freeze that the agent requested and that nobody undid. */
  | { readonly kind: 'frozenByAgent'; readonly path: string }
  /** A freezer that somebody else had closed and that the agent opened. */
  | { readonly kind: 'thawedForeign'; readonly path: string }
  /** A tracee of the agent that was neither detached nor reaped. */
  | { readonly kind: 'traced'; readonly tid: number }
  /** A signal that was about to be delivered and that a detach threw away. */
  | { readonly kind: 'signalLost'; readonly tid: number; readonly signal: number };

/** Lists everything that must not exist when a capture is over. */
export function audit(state: HostState): readonly Finding[] {
  settleAll(state);
  const findings: Finding[] = [];
  for (const cgroup of [...subtree(state.roots.v1), ...subtree(state.roots.v2)]) {
    const path = `${cgroup.version}:${cgroup.path}`;
    if (cgroup.frozenBy === 'agent') findings.push({ kind: 'frozenByAgent', path });
    if (cgroup.thawedForeign) findings.push({ kind: 'thawedForeign', path });
  }
  for (const task of state.tasks.values()) {
    if (task.trace?.ours === true) findings.push({ kind: 'traced', tid: task.tid });
    for (const signal of task.lost) findings.push({ kind: 'signalLost', tid: task.tid, signal });
  }
  return findings;
}
