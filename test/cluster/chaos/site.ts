/**
 * A node of the throw-away cluster as the machine that it runs on sees it: its cgroups and tasks are files here, so that a look costs
 * no process and shows milliseconds.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { holdOn } from '../../chaos/ground.js';
import type { Node } from '../harness/node.js';

export type Version = 'v1' | 'v2';

export interface Site {
  readonly node: Node;
  /** Of the freezer that captures take there. */
  readonly version: Version;
  /** The node's cgroup in that hierarchy. */
  readonly freezer: string;
  /** In every hierarchy with a freezer: pods of a hybrid node are in two. */
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

/** The cgroup in this hierarchy with this name, below the node's pods. Undefined: there is none now. */
export function cgroupNamed(hierarchy: string, name: string): string | undefined {
  return below(join(hierarchy, 'kubepods')).find((directory) => basename(directory) === name);
}

/** The cgroup and all below it; none where it is gone. */
export function below(directory: string): string[] {
  try {
    const children = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [directory, ...children.flatMap(({ name }) => below(join(directory, name)))];
  } catch {
    return [];
  }
}

/** Processes in it and below, by the pids that this process knows them by. */
export function processesBelow(directory: string): number[] {
  return below(directory).flatMap((one) => numbers(join(one, 'cgroup.procs')));
}

/** That somebody asked it to freeze, whether or not it has. Of one that is gone: no. */
export function isClosed(directory: string): boolean {
  const file = stateFile(directory);
  return file !== undefined && read(file).trim() === '1';
}

/** What stands still in these cgroups, each by itself: freezers that are closed, tasks that are held. */
export function standingIn(directories: readonly string[]): string[] {
  const closed = directories.filter(isClosed).map((directory) => `${directory} is frozen`);
  return closed.length > 0 ? closed : directories.flatMap(tasksOf).flatMap(holdOn);
}

/** Everything that stands still on a node, its own cgroups that nobody knows of included. */
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
