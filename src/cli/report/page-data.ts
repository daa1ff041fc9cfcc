/**
 * The data of the page's script, as JSON in the page. What many processes share is given once, in `profiles`. Every text is
 * escaped already, and ready to be shown. Types only. Pure.
 */
import type { State } from './read-rows.js';

export interface PageData {
  readonly processes: readonly PageProcess[];
  readonly profiles: readonly Profile[];
  readonly marks: readonly PageMark[];
  /** The containers by name. With more than one, the processes are grouped by them. */
  readonly groups: readonly string[];
}

export interface PageMark {
  readonly kind: string;
  readonly title: string;
  readonly why: string;
  readonly detail?: string;
  readonly unusual: boolean;
}

/** In the order of the tree, which `depth` describes. */
export interface PageProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly depth: number;
  /** An index into `groups`. */
  readonly group: number;
  readonly comm: string;
  readonly exe?: string;
  readonly state: State;
  /** The state in words, where it is not simply alive. */
  readonly stateText: string;
  readonly user: string;
  readonly startTime: string;
  readonly nsPids: readonly number[];
  /** An index into `profiles`. */
  readonly profile: number;
  /** Indexes into `marks`. */
  readonly marks: readonly number[];
  readonly threads: readonly PageThread[];
  readonly cmdline?: string;
  readonly cmdlineNote?: string;
}

/** `notes`: what is not as in the process, in words. A list, because a large capture has a hundred thousand of them. */
export type PageThread = readonly [tid: number, comm: string, ...notes: string[]];

export interface Profile {
  /** Names of columns and rows of the table of credentials. */
  readonly ids: readonly (readonly [name: string, ...ids: number[]])[];
  readonly idColumns: readonly string[];
  readonly capabilities: readonly CapabilityLine[];
  readonly namespaces: readonly NamespaceLine[];
  readonly noNewPrivileges: boolean;
  readonly seccomp: string;
  readonly cgroup: string;
}

export interface CapabilityLine {
  readonly set: string;
  readonly hexadecimal: string;
  readonly names: readonly string[];
  /** The part of `names` that is beyond the default. */
  readonly beyond: readonly string[];
}

export interface NamespaceLine {
  readonly name: string;
  readonly inode: number;
  readonly differs: boolean;
}
