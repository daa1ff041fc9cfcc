/**
 * One container as its node sees it: its cgroup, its processes, and its freezer for tests that act as somebody else.
 */
import type { Node } from '../harness/node.js';
import type { Pod } from './pods.js';
import { until } from './world.js';

export interface Cgroup {
  readonly version: 'v1' | 'v2';
  /** The path of the directory inside the node. */
  readonly directory: string;
}

/** Returns the runtime's ID of a container of the pod. Throws when it has none yet. */
export function containerID({ metadata, status }: Pod, container: string): string {
  const found = status?.containerStatuses?.find(({ name }) => name === container)?.containerID;
  if (found === undefined) throw new Error(`container ${container} of pod ${metadata.name} has no ID`);
  return found.slice(found.indexOf('://') + 3);
}

/** Returns the container's cgroup in a hierarchy with a freezer. On a hybrid node it has one in both. */
export async function cgroupOf(node: Node, id: string, version: string): Promise<Cgroup> {
  const file = version === 'v1' ? 'freezer.state' : 'cgroup.freeze';
  const script = `for d in $(find /sys/fs/cgroup -type d -name "*$0*"); do [ -e "$d/${file}" ] && echo "$d"; done; true`;
  const { stdout } = await node.exec(['sh', '-c', script, id]);
  const [directory = ''] = stdout.split('\n');
  if (directory === '') throw new Error(`no cgroup ${version} of container ${id} on ${node.name}`);
  return { version: version === 'v1' ? 'v1' : 'v2', directory };
}

/** Returns the cgroup of the pod, above those of its containers. */
export function parentOf({ version, directory }: Cgroup): Cgroup {
  return { version, directory: directory.slice(0, directory.lastIndexOf('/')) };
}

/** Returns the processes in the cgroup, by their pids inside the node. */
export async function pidsIn(node: Node, { directory }: Cgroup): Promise<number[]> {
  const { stdout } = await node.exec(['cat', `${directory}/cgroup.procs`]);
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** Returns the first process in the cgroup that runs this program. */
export async function pidOf(node: Node, cgroup: Cgroup, comm: string): Promise<number> {
  return await until(`a ${comm} in ${cgroup.directory}`, async () => {
    for (const pid of await pidsIn(node, cgroup)) {
      const { stdout } = await node.exec(['cat', `/proc/${pid}/comm`]);
      if (stdout.trim() === comm) return pid;
    }
    return undefined;
  });
}

/** Asks the cgroup to freeze. Returns before it is frozen. */
export async function closeFreezer(node: Node, cgroup: Cgroup): Promise<void> {
  await write(node, cgroup, cgroup.version === 'v1' ? 'FROZEN' : '1');
}

/** Succeeds even when the cgroup is gone. */
export async function openFreezer(node: Node, cgroup: Cgroup): Promise<void> {
  await write(node, cgroup, cgroup.version === 'v1' ? 'THAWED' : '0');
}

/** The state that the kernel reports. */
export async function freezerState(node: Node, { version, directory }: Cgroup): Promise<string> {
  if (version === 'v1') return (await node.exec(['cat', `${directory}/freezer.state`])).stdout.trim();
  if ((await node.exec(['cat', `${directory}/cgroup.events`])).stdout.includes('frozen 1')) return 'FROZEN';
  const asked = (await node.exec(['cat', `${directory}/cgroup.freeze`])).stdout.trim() === '1';
  return asked ? 'FREEZING' : 'THAWED';
}

export async function reachesState(node: Node, cgroup: Cgroup, state: string): Promise<void> {
  await until(`${cgroup.directory} to be ${state}`, async () =>
    (await freezerState(node, cgroup)) === state ? true : undefined,
  );
}

async function write(node: Node, { version, directory }: Cgroup, word: string): Promise<void> {
  const file = `${directory}/${version === 'v1' ? 'freezer.state' : 'cgroup.freeze'}`;
  await node.exec(['sh', '-c', '[ ! -e "$1" ] || echo "$0" > "$1"', word, file]);
}
