/** The kinds of marks: what is unusual about a process, in words. docs/report.md has the same list. Pure. */

export interface MarkKind {
  /** For the filter and for the column of the tree. */
  readonly title: string;
  /** Why somebody who looks for something wrong should look here. */
  readonly why: string;
}

/** In the order in which they are listed. */
export const MARK_KINDS = {
  capabilities: {
    title: 'extra capabilities',
    why: 'It holds capabilities that containerd and Docker do not give to a container that asks for none. Many of them lead out of a container.',
  },
  bounding: {
    title: 'may gain capabilities',
    why: 'Its bounding set allows capabilities beyond the default, and nothing (no_new_privs) keeps a set-user-ID program from getting them.',
  },
  memfd: {
    title: 'program without a file',
    why: 'Its program was started from memory (memfd_create). No file on any disk has it, so it is gone when the process ends.',
  },
  deleted: {
    title: 'program was deleted',
    why: 'The file of its program was deleted or replaced after it started. An update does that; so does malware that hides.',
  },
  temporary: {
    title: 'program in a temporary folder',
    why: 'Its program lies where everybody may write: /tmp, /var/tmp, /dev/shm or /run. Images keep programs elsewhere.',
  },
  kernelName: {
    title: 'named as a kernel thread',
    why: 'It has the name of a kernel thread, and has a program, which no kernel thread has.',
  },
  deceptive: {
    title: 'name with hidden characters',
    why: 'Its name or path has control characters, or characters that turn the direction of text. They are shown here as escapes.',
  },
  identity: {
    title: 'acts as somebody else',
    why: 'Its real, effective and saved IDs differ: a set-user-ID program, or a process that can go back to another user.',
  },
  threads: {
    title: 'threads differ',
    why: 'Some of its threads have other IDs, capabilities or filters than the process. A look at the process alone misses them.',
  },
  namespaces: {
    title: 'other namespaces',
    why: 'It is in other namespaces than most processes of its container: it was started from outside, or made namespaces of its own.',
  },
  root: {
    title: 'root, unlike most here',
    why: 'It runs as uid 0 without a user namespace, so it is root on the node if it gets out of the container. Most others in the container do not.',
  },
  seccomp: {
    title: 'no seccomp, unlike most here',
    why: 'No filter restricts its system calls, while most other processes of its container have one.',
  },
  foreign: {
    title: 'in no known container',
    why: 'Its cgroup is in none of the containers that were held.',
  },
  stopped: {
    title: 'stopped',
    why: 'A job-control signal had stopped it before it was held, or such a signal is pending.',
  },
  leaderDead: {
    title: 'main thread has ended',
    why: 'Its first thread has ended and others go on. Tools that look at the first thread alone take it for dead.',
  },
  unsettled: {
    title: 'changed while it was read',
    why: 'Its status before the pause and after it differ. The later one is shown.',
  },
  damaged: {
    title: 'damaged row',
    why: 'The capture has this row with fields missing, of a wrong type, or twice. Stasis writes no such row: somebody changed the file.',
  },
} as const satisfies Readonly<Record<string, MarkKind>>;

/** Kinds that are common. They are shown, and do not make a process unusual. */
export const NOTE_KINDS = {
  rootNote: {
    title: 'root of the node',
    why: 'It runs as uid 0 without a user namespace, as most of its container does. It is root on the node if it gets out of the container.',
  },
  seccompNote: {
    title: 'no seccomp',
    why: 'No filter restricts its system calls, as for most of its container. Kubernetes sets one with seccompProfile RuntimeDefault.',
  },
  zombie: {
    title: 'zombie',
    why: 'It has ended, and its parent has not asked for its status yet.',
  },
} as const satisfies Readonly<Record<string, MarkKind>>;

export type UnusualKind = keyof typeof MARK_KINDS;
export type NoteKind = keyof typeof NOTE_KINDS;

/** A thing to know about one process. */
export interface Mark {
  readonly kind: UnusualKind | NoteKind;
  /** The particulars, where there are some: which capabilities, which namespaces. */
  readonly detail?: string;
}

export function describeKind(kind: Mark['kind']): MarkKind {
  return isUnusual(kind) ? MARK_KINDS[kind] : NOTE_KINDS[kind];
}

export function isUnusual(kind: Mark['kind']): kind is UnusualKind {
  return Object.hasOwn(MARK_KINDS, kind);
}
