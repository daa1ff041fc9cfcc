/** The text of cgroup.events, and its notifications. */
import { frozenAt, isCgroupFrozen, subtree } from './freezing.js';
import type { FakeCgroup, HostState } from './model.js';

export function eventsText(cgroup: FakeCgroup, now: number): string {
  const populated = subtree(cgroup).some((each) => each.tasks.size > 0);
  return `populated ${populated ? 1 : 0}\nfrozen ${isCgroupFrozen(cgroup, now) ? 1 : 0}\n`;
}

/**
 * Notices changes since the last look and notifies the readers: at once, or when the last notification of that file is
 * ten milliseconds old (cgroup_file_notify() of kernel/cgroup/cgroup.c; observed on 6.18 as a delay of 12–16 ms).
 */
export function refreshEvents(state: HostState): void {
  const now = state.clock.now();
  let next = Infinity;
  for (const cgroup of subtree(state.roots.v2)) {
    const text = eventsText(cgroup, now);
    if (text !== cgroup.events.text) {
      cgroup.events.text = text;
      notify(state, cgroup, now);
    }
    for (const task of cgroup.tasks) {
      const at = frozenAt(task, 'v2');
      if (at > now) next = Math.min(next, at);
    }
  }
  state.dirty = false;
  if (next === Infinity || (state.refreshAt > now && state.refreshAt <= next)) return;
  state.refreshAt = next;
  state.clock.after(next - now, () => refreshEvents(state));
}

function notify(state: HostState, cgroup: FakeCgroup, now: number): void {
  const { events } = cgroup;
  if (events.dueAt !== undefined) return;
  const due = Math.max(now, events.notifiedAt + state.options.notifyMicroseconds);
  const fire = (): void => {
    events.dueAt = undefined;
    events.notifiedAt = state.clock.now();
    events.sequence += 1;
  };
  if (due === now) return fire();
  events.dueAt = due;
  state.clock.after(due - now, fire);
}
