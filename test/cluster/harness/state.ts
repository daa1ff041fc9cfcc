import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import type { Architecture } from './architecture.js';
import { ownHierarchies } from './hierarchies.js';

/**
 * /run is not used, because it is memory and often too small for the images of two nodes. The folder is root's own,
 * because it holds the cluster's keys.
 */
const FOLDER = '/var/tmp/stasis-test';

/** The visible cgroup hierarchies of the machine: all of them, those of v1, or only v2. */
export type CgroupView = 'all' | 'v1' | 'v2';

/** Everything that a process needs to open a cluster that it did not create, or to take it down. */
export interface ClusterState {
  readonly name: string;
  /** Distinguishes the cluster from an earlier one of the same name. */
  readonly id: string;
  readonly nodes: readonly string[];
  /** The nodes that do not see every hierarchy of the machine, with the hierarchies that they see. */
  readonly views: Readonly<Record<string, CgroupView>>;
  /** Name of the additional node that is an emulated machine, if there is one. */
  readonly systemdNode?: string;
  /** Its architecture. */
  readonly architecture?: Architecture;
  /** The controllers that kube-controller-manager runs. Absent: those that it runs by default. */
  readonly controllers?: readonly string[];
  /** The port on 127.0.0.1 on which the API server is reached. */
  readonly port: number;
  /** The folder that test/cluster/build.sh printed. */
  readonly programs: string;
  /**
   * The cluster's own cgroup in every hierarchy. Every process of the cluster is a member of one of these or of a
   * cgroup below.
   */
  readonly cgroups: readonly string[];
}

/** The names of all nodes. */
export function nodeNames(state: ClusterState): string[] {
  return [...state.nodes, ...(state.systemdNode === undefined ? [] : [state.systemdNode])];
}

export function stateFolder(name: string): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) throw new Error(`not a name for a cluster: ${name}`);
  return join(FOLDER, name);
}

/** The paths of the cluster's cgroups, below the caller's own cgroups. */
export function cgroupsFor(name: string, id: string): string[] {
  return ownHierarchies().map((one) => join(one.directory, `stasis-test-${name}-${id}`));
}

/** Finds cgroups of any cluster of this name below the caller's own, in case the state file is lost. */
export function strayCgroups(name: string): string[] {
  const pattern = new RegExp(`^stasis-test-${name}-[0-9a-f]+$`);
  return ownHierarchies().flatMap((one) =>
    readdirSync(one.directory)
      .filter((entry) => pattern.test(entry))
      .map((entry) => join(one.directory, entry)),
  );
}

/**
 * Creates the folder. Throws when somebody else created something under that name, because names in /var/tmp are not
 * reserved. A cluster that is taken down at the same moment removes the common folder while it is empty, so the attempt is
 * repeated.
 */
export function makeStateFolder(name: string): string {
  for (let tries = 1; ; tries += 1) {
    try {
      return makeFolders(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === MOST_TRIES) throw error;
    }
  }
}

const MOST_TRIES = 10;

function makeFolders(name: string): string {
  for (const folder of [FOLDER, stateFolder(name)]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const facts = lstatSync(folder);
    if (!facts.isDirectory() || facts.uid !== process.getuid?.()) throw new Error(`${folder} is not ours`);
  }
  return stateFolder(name);
}

export function writeState(state: ClusterState): void {
  const path = join(stateFolder(state.name), 'state.json');
  writeFileSync(`${path}.new`, JSON.stringify(state, undefined, 2));
  renameSync(`${path}.new`, path);
}

/** Undefined when no cluster of this name exists. */
export function readState(name: string): ClusterState | undefined {
  const path = join(stateFolder(name), 'state.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ClusterState) : undefined;
}

/** Names of the clusters that are up or have left something behind. */
export function knownClusters(): string[] {
  return existsSync(FOLDER) ? readdirSync(FOLDER).sort() : [];
}

export function removeState(name: string): void {
  // The removal is retried, because a program that a dead creator started outside of the cgroups may still write a
  // certificate.
  rmSync(stateFolder(name), { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  try {
    rmdirSync(FOLDER);
  } catch {
    // Another cluster exists, or the folder was never created.
  }
}
