/**
 * A node of the throw-away cluster as seen from the machine that it runs on. Its cgroups and tasks are files here, so a
 * look needs no process and is accurate to milliseconds.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { holdOn } from '../../chaos/ground.js';
import type { Node } from '../harness/node.js';

export type Version = 'v1' | 'v2';

export interface Site {
  readonly node: Node;
  /** The version of the freezer that captures use on this node. */
  readonly version: Version;
  /** The node's cgroup in the hierarchy of that freezer. */
  readonly freezer: string;
  /** The node's cgroup in every hierarchy with a freezer: pods of a hybrid node are in two. */
  readonly freezers: readonly string[];
}

const STATE_FILES = ['freezer.self_freezing', 'cgroup.freeze'];

export function siteOf(node: Node, version: Version): Site {
  const freezers = node.cgroups.filter((directory) => stateFile(directory) !== undefined);
  const wanted = version === 'v1' ? 'freezer.self_freezing' : 'cgroup.freeze';
  const freezer = freezers.find((directory) => existsSync(join(directory, wanted)));
  if (freezer === undefined) throw new Error(`${node.name} has no freezer of ${version}`);
  return { node, version, freezer, freezers };
}

/** Returns the cgroup of this name below the node's pods in this hierarchy; undefined when there is none now. */
export function cgroupNamed(hierarchy: string, name: string): string | undefined {
  return below(join(hierarchy, 'kubepods')).find((directory) => basename(directory) === name);
}

/** Returns the cgroup and all cgroups below it; nothing when it is gone. */
export function below(directory: string): string[] {
  try {
    const children = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [directory, ...children.flatMap(({ name }) => below(join(directory, name)))];
  } catch {
    return [];
  }
}

/** Returns the processes in the cgroup and below, by their pids in the namespace of this process. */
export function processesBelow(directory: string): number[] {
  return below(directory).flatMap((one) => numbers(join(one, 'cgroup.procs')));
}

/** Whether the cgroup was asked to freeze, whether or not it is frozen yet. False when it is gone. */
export function isClosed(directory: string): boolean {
  const file = stateFile(directory);
  return file !== undefined && read(file).trim() === '1';
}

/** Lists the closed freezers in these cgroups or, when no freezer is closed, the held tasks. */
export function standingIn(directories: readonly string[]): string[] {
  const closed = directories.filter(isClosed).map((directory) => `${directory} is frozen`);
  return closed.length > 0 ? closed : directories.flatMap(tasksOf).flatMap(holdOn);
}

/** Lists everything that stands still on a node, including unknown cgroups of its own. */
export function standingOn({ freezers }: Site): string[] {
  return standingIn(freezers.flatMap(below));
}

export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function tasksOf(directory: string): number[] {
  const tasks = numbers(join(directory, 'cgroup.threads'));
  return tasks.length > 0 ? tasks : numbers(join(directory, 'tasks'));
}

function numbers(path: string): number[] {
  return read(path).split('\n').filter(Boolean).map(Number);
}

function stateFile(directory: string): string | undefined {
  return STATE_FILES.map((name) => join(directory, name)).find((path) => existsSync(path));
}
