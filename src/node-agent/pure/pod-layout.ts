/**
 * How kubelet and the container runtimes name the cgroups of pods. Pure.
 *
 * kubelet (pkg/kubelet/cm): the cgroupfs driver names `kubepods[/<qos>]/pod<uid>`, the systemd driver
 * `kubepods.slice[/kubepods-<qos>.slice]/kubepods[-<qos>]-pod<uid with _ for ->.slice`. Both are below any --cgroup-root, which
 * the systemd driver puts in front of each name. Below the pod's directory there is one directory per container, named by the
 * runtime. Only the directory's own name and its parent's are looked at, so every root is recognised.
 */

/** Kubernetes' QoS classes as they appear in names of cgroups; `none` is Guaranteed, which has no directory of its own. */
export type QosDirectory = 'none' | 'burstable' | 'besteffort';

export interface PodDirectory {
  readonly driver: 'cgroupfs' | 'systemd';
  readonly qos: QosDirectory;
}

/**
 * The runtime that named a container's cgroup. `unspecified`: the name is the bare id, as containerd and cri-dockerd name it
 * under cgroupfs.
 */
export type ContainerRuntime = 'containerd' | 'cri-o' | 'docker' | 'unspecified';

export interface ContainerDirectory {
  /** 64 hexadecimal digits. */
  readonly containerID: string;
  readonly runtime: ContainerRuntime;
}

/** RFC 4122 text, or the 32 digits that kubelet gives a static pod (an MD5 sum of its manifest). */
const POD_UID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/;
const CGROUPFS_POD = /^pod([0-9a-f-]{32,36})$/;
const SYSTEMD_POD = /^(?:[^/]*-)?pod([0-9a-f_]{32,36})\.slice$/;
const SYSTEMD_QOS = /(?:^|-)(burstable|besteffort)-pod[0-9a-f_]+\.slice$/;

/**
 * The pod UID in `text`, in lower case. Undefined for any other text. A pod UID contains only hexadecimal digits and dashes, so
 * it cannot name another directory than a pod's.
 */
export function parsePodUID(text: string): string | undefined {
  const uid = text.toLowerCase();
  return POD_UID.test(uid) ? uid : undefined;
}

/** The UID of the pod to which a directory of this name belongs, whichever pod that is. */
export function podUIDOf(name: string): string | undefined {
  const text = CGROUPFS_POD.exec(name)?.[1] ?? SYSTEMD_POD.exec(name)?.[1]?.replaceAll('_', '-');
  return text === undefined ? undefined : parsePodUID(text);
}

/**
 * The cgroup driver and the QoS class of the pod `uid` (from {@link parsePodUID}), if the directory `name` in a directory called
 * `parent` is that pod's. Otherwise undefined.
 */
export function recognisePodDirectory(name: string, parent: string, uid: string): PodDirectory | undefined {
  if (podUIDOf(name) !== uid) return undefined;
  if (name.startsWith('pod') && !name.endsWith('.slice')) return { driver: 'cgroupfs', qos: qosOf(parent) };
  return { driver: 'systemd', qos: qosOf(SYSTEMD_QOS.exec(name)?.[1] ?? '') };
}

function qosOf(name: string): QosDirectory {
  return name === 'burstable' || name === 'besteffort' ? name : 'none';
}

/** The forms of a container's directory. */
const CONTAINERS: readonly (readonly [RegExp, ContainerRuntime])[] = [
  [/^([0-9a-f]{64})$/, 'unspecified'],
  [/^cri-containerd-([0-9a-f]{64})\.scope$/, 'containerd'],
  [/^crio-([0-9a-f]{64})(?:\.scope)?$/, 'cri-o'],
  [/^docker-([0-9a-f]{64})\.scope$/, 'docker'],
];

/** The container to which a directory of this name belongs. Undefined when the directory is not a container's. */
export function recogniseContainer(name: string): ContainerDirectory | undefined {
  for (const [form, runtime] of CONTAINERS) {
    const containerID = form.exec(name)?.[1];
    if (containerID !== undefined) return { containerID, runtime };
  }
  return undefined;
}

/** Whether the directory holds CRI-O's monitor of a container, which is not part of the pod's workload. */
export function isConmon(name: string): boolean {
  return name.startsWith('crio-conmon-');
}

/** Programs that hold a sandbox's namespaces open: `pause` of Kubernetes, `pod` of others. */
const SANDBOX_PROGRAMS: ReadonlySet<string> = new Set(['pause', 'pod']);

/**
 * Whether the only task of a container is the sandbox's: both its name and the last part of its exe link must say so. The kernel
 * adds ` (deleted)` to the link's text when the image's file is gone (proc_pid_exe(5)).
 */
export function isSandboxProgram(comm: string, exe: string): boolean {
  const program = exe.replace(/ \(deleted\)$/, '');
  return SANDBOX_PROGRAMS.has(comm) && SANDBOX_PROGRAMS.has(program.slice(program.lastIndexOf('/') + 1));
}
