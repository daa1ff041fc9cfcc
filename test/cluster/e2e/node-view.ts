/** Looks into a node of the harness's cluster: which cgroups are frozen, which tasks are traced, where a process is. */
import { attach, type Cluster } from '../harness/cluster.js';
import type { Node } from '../harness/node.js';
import { until } from './world.js';

/** The harness's cluster on which the tests run; undefined for a cluster that is only known by its kubeconfig. */
export function testCluster(): Cluster | undefined {
  const name = process.env['STASIS_TEST_CLUSTER'];
  return name === undefined ? undefined : attach(name);
}

/** Searches both hierarchies. `|| true` is needed because cgroups appear and disappear while find walks. */
const FROZEN = `
find /sys/fs/cgroup -path '*kubepods*' -name freezer.state -exec grep -L THAWED {} + 2> /dev/null || true
find /sys/fs/cgroup -path '*kubepods*' -name cgroup.events -exec grep -l 'frozen 1' {} + 2> /dev/null || true`;
const TRACED = `grep -sH '^TracerPid:' /proc/[0-9]*/task/[0-9]*/status | grep -v '[[:space:]]0$' || true`;

async function lines(node: Node, script: string): Promise<string[]> {
  const { stdout } = await node.exec(['sh', '-c', script]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Lists everything on the node that a freezer or a tracer holds: paths of cgroups, and lines of status files. */
export async function standingStill(node: Node): Promise<string[]> {
  return [...(await lines(node, FROZEN)), ...(await lines(node, TRACED))];
}

/** Waits until nothing is held on any node. */
export async function everythingRuns(cluster: Cluster): Promise<void> {
  for (const node of cluster.nodes) {
    let last: string[] = [];
    await until(
      `everything on ${node.name} to run`,
      async () => {
        last = await standingStill(node);
        return last.length === 0 ? true : undefined;
      },
      async () => last.join('\n'),
      20,
    );
  }
}

/** Returns the pids, inside the node, of the processes whose command line contains this word. */
export async function pidsOf(node: Node, word: string): Promise<number[]> {
  const found = await lines(
    node,
    // The shell that searches is skipped, because its command line contains the word too.
    `for f in /proc/[0-9]*/cmdline; do [ "$f" = "/proc/$$/cmdline" ] && continue; tr '\\0' ' ' < "$f" 2> /dev/null | grep -q -- ' ${word} ' && echo "$f"; done; true`,
  );
  return found.map((path) => Number(path.split('/')[2])).filter((pid) => pid > 0);
}

/** Sends a signal to the process of the product on the node that runs this command. */
export async function signal(node: Node, command: 'controller' | 'node-agent', name: string): Promise<void> {
  for (const pid of await pidsOf(node, command)) await node.exec(['kill', '-s', name, String(pid)]);
}
