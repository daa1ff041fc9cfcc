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

import { ownHierarchies } from './hierarchies.js';

/** Not /run: that is memory, and often too little for two nodes' images. Root's own, as it holds the cluster's keys. */
const FOLDER = '/var/tmp/stasis-test';

/** Every cgroup hierarchy of the machine, or those of v1, or v2 alone. */
export type CgroupView = 'all' | 'v1' | 'v2';

/** What has to be known to reopen a cluster, or to take it away, by a process that did not make it. */
export interface ClusterState {
  readonly name: string;
  /** Tells it from an earlier one of the same name. */
  readonly id: string;
  readonly nodes: readonly string[];
  /** Of those of them that do not see every hierarchy of the machine. */
  readonly views: Readonly<Record<string, CgroupView>>;
  /** The one after these, if there is one, which is a machine under emulation. */
  readonly systemdNode?: string;
  /** The port on 127.0.0.1 where the API server is reached. */
  readonly port: number;
  /** The folder that test/cluster/build.sh printed. */
  readonly programs: string;
  /** This cluster's own cgroup in every hierarchy. Everything that belongs to it is a member of one of these, or below. */
  readonly cgroups: readonly string[];
}

/** All of them. */
export function nodeNames(state: ClusterState): string[] {
  return [...state.nodes, ...(state.systemdNode === undefined ? [] : [state.systemdNode])];
}

export function stateFolder(name: string): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) throw new Error(`not a name for a cluster: ${name}`);
  return join(FOLDER, name);
}

/** The cluster's cgroups as a caller in this very cgroup makes them. */
export function cgroupsFor(name: string, id: string): string[] {
  return ownHierarchies().map((one) => join(one.directory, `stasis-test-${name}-${id}`));
}

/** Cgroups of any cluster of this name below the caller's own: for when the state is lost. */
export function strayCgroups(name: string): string[] {
  const pattern = new RegExp(`^stasis-test-${name}-[0-9a-f]+$`);
  return ownHierarchies().flatMap((one) =>
    readdirSync(one.directory)
      .filter((entry) => pattern.test(entry))
      .map((entry) => join(one.directory, entry)),
  );
}

/** Makes the folder. Throws when somebody else put something there: names in /var/tmp are not reserved. */
export function makeStateFolder(name: string): string {
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

/** Undefined when there is no such cluster. */
export function readState(name: string): ClusterState | undefined {
  const path = join(stateFolder(name), 'state.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ClusterState) : undefined;
}

/** Names of the clusters that are up, or of which something is left. */
export function knownClusters(): string[] {
  return existsSync(FOLDER) ? readdirSync(FOLDER).sort() : [];
}

export function removeState(name: string): void {
  // Tried again: what a dead maker started, and is no member, may still write a certificate.
  rmSync(stateFolder(name), { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  try {
    rmdirSync(FOLDER);
  } catch {
    // Another cluster is there, or nobody made the folder.
  }
}
