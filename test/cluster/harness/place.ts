import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

import { makeCgroup } from './cgroup-trees.js';
import { type Ran, run, type RunOptions } from './run.js';
import { sourceFolder } from './source-tree.js';
import type { CgroupView } from './state.js';
import { eventually } from './waiting.js';

/**
 * A set of namespaces with its own cgroups: a node or the control plane. It is plain data and outlives the process that
 * created it.
 */
export interface Place {
  readonly name: string;
  /** The place's folder on the machine's file system: logs, settings, and the contents of its /var. */
  readonly state: string;
  /** The place's cgroup in every hierarchy, as the caller sees them. They are the roots of the hierarchies inside. */
  readonly cgroups: readonly string[];
  /** The cgroup hierarchies of the machine that are visible inside. */
  readonly view: CgroupView;
  /** The folder of programs that test/cluster/build.sh printed. */
  readonly programs: string;
}

/** Joins cgroups and then becomes another program: `sh -c JOIN sh CGROUP... -- COMMAND...`. */
const JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"';
const START_BOUND_MS = 10_000;

/**
 * Creates the namespaces and cgroups. Returns when they look like a machine from the inside, and throws if they do not
 * in time.
 */
export async function startPlace(place: Place): Promise<void> {
  mkdirSync(place.state, { recursive: true });
  rmSync(join(place.state, 'pid'), { force: true });
  for (const cgroup of place.cgroups) makeCgroup(cgroup);
  const namespaces = ['--mount', '--net', '--pid', '--cgroup', '--uts', '--ipc', '--fork', '--kill-child'];
  const keep = [join(place.state, '..'), join(place.programs, '..'), join(sourceFolder(), '..', '..')];
  const first = [
    'tini',
    '--',
    'sh',
    join(sourceFolder(), 'harness', 'place.sh'),
    place.name,
    place.state,
    place.view,
    ...keep,
  ];
  const log = openSync(join(place.state, 'place.log'), 'a');
  const child = spawn('sh', ['-c', JOIN, 'sh', ...place.cgroups, '--', 'unshare', ...namespaces, ...first], {
    // The place has its own session, so that Ctrl-C in the caller's terminal does not kill it before it can be taken
    // down in order.
    detached: true,
    stdio: ['ignore', log, log],
    env: environment(place.programs),
  });
  closeSync(log);
  child.unref();
  const isOver = hasEnded(child);
  await eventually(
    `${place.name} has namespaces`,
    () => existsSync(join(place.state, 'pid')) || isOver(),
    START_BOUND_MS,
  );
  if (!existsSync(join(place.state, 'pid'))) throw new Error(`${place.name}: ${readLog(place, 'place')}`);
}

/** Returns the pid of the place's process 1 as the caller sees it. Throws when the place is not up. */
export function pidOf(place: Place): number {
  return Number(readFileSync(join(place.state, 'pid'), 'utf8'));
}

/**
 * Returns the command line that runs `argv` inside: it joins the cgroups first, while they are visible, and then all
 * namespaces.
 */
export function inside(place: Place, argv: readonly string[]): string[] {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--wd=/'];
  const enter = ['nsenter', `--target=${pidOf(place)}`, ...namespaces, '--', ...argv];
  return ['sh', '-c', JOIN, 'sh', ...place.cgroups, '--', ...enter];
}

export function execIn(place: Place, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run(inside(place, argv), { ...options, env: { ...environment(place.programs), ...options.env } });
}

/** Returns the path by which the caller can open a file of the place. */
export function fileIn(place: Place, path: string): string {
  return `/proc/${pidOf(place)}/root${path}`;
}

export function readLog(place: Place, what: string): string {
  const path = join(place.state, `${basename(what)}.log`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * Passes on little of the caller's environment: a proxy setting, for instance, would disturb the traffic between API
 * server and kubelet.
 */
function environment(programs: string): Record<string, string> {
  const path = `${join(programs, 'bin')}:${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin`;
  return { PATH: path, HOME: '/root', LANG: 'C.UTF-8' };
}

function hasEnded(child: ChildProcess): () => boolean {
  return () => child.exitCode !== null || child.signalCode !== null;
}
