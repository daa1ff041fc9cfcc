/** What a node of the harness's cluster looks like from the inside: who is frozen, who is traced, where a process is. */
import { attach, type Cluster } from '../harness/cluster.js';
import type { Node } from '../harness/node.js';
import { until } from './world.js';

/** The cluster of the harness that the tests run on; undefined on a cluster that is only known by its kubeconfig. */
export function testCluster(): Cluster | undefined {
  const name = process.env['STASIS_TEST_CLUSTER'];
  return name === undefined ? undefined : attach(name);
}

/** Both hierarchies; `|| true` because cgroups come and go while find walks. */
const FROZEN = `
find /sys/fs/cgroup -path '*kubepods*' -name freezer.state -exec grep -L THAWED {} + 2> /dev/null || true
find /sys/fs/cgroup -path '*kubepods*' -name cgroup.events -exec grep -l 'frozen 1' {} + 2> /dev/null || true`;
const TRACED = `grep -sH '^TracerPid:' /proc/[0-9]*/task/[0-9]*/status | grep -v '[[:space:]]0$' || true`;

async function lines(node: Node, script: string): Promise<string[]> {
  const { stdout } = await node.exec(['sh', '-c', script]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Everything on the node that stands still by a freezer or a tracer: paths of cgroups, and lines of status files. */
export async function standingStill(node: Node): Promise<string[]> {
  return [...(await lines(node, FROZEN)), ...(await lines(node, TRACED))];
}

/** Waits until nothing on any node stands still. */
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

/** Pids, inside the node, of the processes whose command line has this word. */
export async function pidsOf(node: Node, word: string): Promise<number[]> {
  const found = await lines(
    node,
    // Without the shell that looks, whose command line has the word as well.
    `for f in /proc/[0-9]*/cmdline; do [ "$f" = "/proc/$$/cmdline" ] && continue; tr '\\0' ' ' < "$f" 2> /dev/null | grep -q -- ' ${word} ' && echo "$f"; done; true`,
  );
  return found.map((path) => Number(path.split('/')[2])).filter((pid) => pid > 0);
}

/** Sends a signal to the one process of the product on the node that has this command. */
export async function signal(node: Node, command: 'controller' | 'node-agent', name: string): Promise<void> {
  for (const pid of await pidsOf(node, command)) await node.exec(['kill', '-s', name, String(pid)]);
}
