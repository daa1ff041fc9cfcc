/** The two trees of cgroups. */
import { makeCgroup } from './freezing.js';
import type { CgroupVersion, FakeCgroup, FakeTask, HostState } from './model.js';

/** Finds the cgroup, or creates it together with its missing ancestors. */
export function addCgroup(state: HostState, version: CgroupVersion, path: string): FakeCgroup {
  let found = state.roots[version];
  for (const name of segments(path)) {
    const parent = found;
    found =
      parent.children.get(name) ?? makeCgroup(version, `${parent.path === '/' ? '' : parent.path}/${name}`, parent);
    parent.children.set(name, found);
  }
  return found;
}

/** Finds the cgroup; throws when it does not exist. */
export function cgroupAt(state: HostState, version: CgroupVersion, path: string): FakeCgroup {
  let found: FakeCgroup | undefined = state.roots[version];
  for (const name of segments(path)) found = found?.children.get(name);
  if (found === undefined) throw new Error(`no ${version} cgroup ${path}`);
  return found;
}

export function removeCgroup(state: HostState, version: CgroupVersion, path: string): void {
  const cgroup = cgroupAt(state, version, path);
  if (cgroup.tasks.size > 0 || cgroup.children.size > 0) throw new Error(`${path} is busy`);
  cgroup.removed = true;
  cgroup.parent?.children.delete(path.slice(path.lastIndexOf('/') + 1));
}

/** Moves one task. A frozen cgroup accepts the task too, and the task freezes there. */
export function moveTask(task: FakeTask, to: FakeCgroup, now: number): void {
  const { version } = to;
  if (task.dead !== undefined) return;
  task[version].tasks.delete(task);
  task[version] = to;
  to.tasks.add(task);
  task.joined[version] = now;
}

function segments(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}
