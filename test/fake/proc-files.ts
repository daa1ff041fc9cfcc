/** The files below /proc. */
import { ENOENT } from '../../src/native/errno.js';
import { settle } from './lifecycle.js';
import { groupOf, type FakeTask, type HostState } from './model.js';
import {
  cgroupText,
  childrenText,
  hostStatText,
  mountinfoText,
  schedstatText,
  statText,
  statusText,
  syscallText,
  wchanText,
} from './proc-text.js';

type Render = (state: HostState, task: FakeTask) => string;

const TASK_FILES: Readonly<Record<string, Render>> = {
  status: statusText,
  stat: statText,
  comm: (_, task) => `${task.comm}\n`,
  cgroup: (_, task) => cgroupText(task),
  wchan: (state, task) => wchanText(task, state.clock.now()),
  syscall: (state, task) => syscallText(task, state.clock.now()),
  mountinfo: mountinfoText,
  children: childrenText,
  schedstat: schedstatText,
};

const HOST_FILES: Readonly<Record<string, (state: HostState) => string>> = {
  '/proc/stat': hostStatText,
};

/** A path of a task, such as /proc/7/status or /proc/7/task/9/ns/mnt. */
const TASK_PATH = /^\/proc\/(?<pid>\d+|self)(?:\/task\/(?<tid>\d+))?(?:\/(?<file>.+))?$/;

/** Returns the text of the file; undefined when it does not exist. */
export function procText(state: HostState, path: string): string | undefined {
  const own = state.files.get(path);
  if (own !== undefined) return own;
  const render = HOST_FILES[path];
  if (render !== undefined) return render(state);
  const found = locate(state, path);
  return found === undefined ? undefined : TASK_FILES[found.file]?.(state, found.task);
}

/**
 * Returns the text of the link, or -errno. Zombies and kernel threads have no executable, and zombies have no
 * namespaces.
 */
export function procLink(state: HostState, path: string): string | number {
  const found = locate(state, path);
  if (found === undefined) return -ENOENT;
  const { task, file } = found;
  if (file === 'exe') return task.dead !== undefined || task.kthread ? -ENOENT : task.exe;
  const type = /^ns\/([a-z_]+)$/.exec(file)?.[1];
  const inode = type === undefined ? undefined : task.namespaces[type];
  if (type === undefined || inode === undefined || task.dead !== undefined) return -ENOENT;
  return `${type.replace('_for_children', '')}:[${inode}]`;
}

/** Returns the names in the directory; undefined when it does not exist. Like the real /proc, it lists only leaders. */
export function procList(state: HostState, path: string): string[] | undefined {
  if (path === '/proc') {
    const leaders = [...state.tasks.values()].filter((task) => task.tid === task.tgid).map((task) => String(task.tid));
    return [...leaders, 'self', 'stat', 'sys', 'uptime'];
  }
  const found = /^(?<task>.+)\/(?<leaf>task|ns)$/.exec(path)?.groups;
  const task = locate(state, found?.['task'] ?? '')?.task;
  if (task === undefined) return undefined;
  if (found?.['leaf'] === 'ns') return Object.keys(task.namespaces);
  return groupOf(state, task.tgid)
    .map((each) => each.tid)
    .toSorted((a, b) => a - b)
    .map(String);
}

function locate(state: HostState, path: string): { task: FakeTask; file: string } | undefined {
  const groups = TASK_PATH.exec(path)?.groups;
  if (groups === undefined) return undefined;
  const pid = groups['pid'] === 'self' ? state.options.agentPid : Number(groups['pid']);
  const process = state.tasks.get(pid);
  const task = groups['tid'] === undefined ? process : state.tasks.get(Number(groups['tid']));
  if (process === undefined || task === undefined || task.tgid !== process.tgid) return undefined;
  settle(state, task);
  // settle() may have found the task dead and removed it.
  return state.tasks.get(task.tid) === task ? { task, file: groups['file'] ?? '' } : undefined;
}
