import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { podRange } from './addresses.js';
import { identity } from './certificates.js';
import { ownHierarchies } from './hierarchies.js';
import type { Place } from './place.js';
import { sourceFolder } from './source-tree.js';

export const PAUSE_IMAGE = 'stasis.test/pause:1';
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

/** Writes the settings of containerd, kubelet and the pod network of node `index` (from 1) into its folder. */
export function writeNodeSettings(node: Place, index: number, certificates: string): void {
  const cni = join(node.state, 'cni');
  mkdirSync(cni, { recursive: true });
  writeFileSync(join(cni, '10-pods.conflist'), JSON.stringify(podNetwork(index), undefined, 2));
  writeFileSync(join(node.state, 'containerd.toml'), containerd(node, cni));
  writeFileSync(
    join(node.state, 'kubelet.json'),
    JSON.stringify(
      { ...kubeletSettings(identity(certificates, 'ca').certificate), failCgroupV1: !seesV1(node) },
      undefined,
      2,
    ),
  );
}

/** The settings of the CNI plugins for the pods of node `index` (from 1). */
export function podNetwork(index: number): object {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: podRange(index) }]],
    routes: [{ dst: '0.0.0.0/0' }],
    // The data is in memory, because a killed node has no pods that still own an address.
    dataDir: '/run/cni',
  };
  const bridge = { type: 'bridge', bridge: 'pods', isGateway: true, ipMasq: false, hairpinMode: true, ipam };
  return { cniVersion: '1.0.0', name: 'pods', plugins: [bridge] };
}

function containerd(node: Place, cniConfigs: string): string {
  const runc =
    node.view === 'v2' && hasV1() ? `BinaryName = "${join(sourceFolder(), 'harness', 'runc-without-limits.sh')}"` : '';
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  # Lowering the score needs CAP_SYS_RESOURCE, which not every machine gives to root.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${join(node.programs, 'cni')}"
    conf_dir = "${cniConfigs}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      ${runc}
  # For pods of a RuntimeClass whose handler stands for a sandbox. The node has no sandbox, and runs them with runc.
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runsc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runsc.options]
      SystemdCgroup = false
      ${runc}
`;
}

/** A KubeletConfiguration. `authority` is the path of the authority's certificate on the node. */
export function kubeletSettings(authority: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: authority },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    volumePluginDir: '/var/lib/kubelet/plugins',
    cgroupDriver: 'cgroupfs',
    failSwapOn: false,
    resolvConf: '/dev/null',
    oomScoreAdj: 0,
    // The machine's disk and memory are shared with its owner, so kubelet must not evict or collect anything because of
    // them.
    evictionHard: {
      'memory.available': '1Mi',
      'nodefs.available': '0%',
      'imagefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.inodesFree': '0%',
    },
    imageGCHighThresholdPercent: 100,
    // A container that is killed on purpose many times must come back at once instead of after five minutes.
    featureGates: { KubeletCrashLoopBackOffMax: true },
    crashLoopBackOff: { maxContainerRestartPeriod: '1s' },
    maxPods: 200,
  };
}

/** Whether kubelet finds cgroup v1, which it refuses since Kubernetes 1.35 unless it is told not to. */
function seesV1(node: Place): boolean {
  return node.view !== 'v2' && hasV1();
}

function hasV1(): boolean {
  return ownHierarchies().some((one) => one.controllers !== '');
}
