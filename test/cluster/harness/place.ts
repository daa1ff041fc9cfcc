import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

import { makeCgroup } from './cgroup-trees.js';
import { type Ran, run, type RunOptions } from './run.js';
import { sourceFolder } from './source-tree.js';
import type { CgroupView } from './state.js';
import { eventually } from './waiting.js';

/** A set of namespaces with cgroups of its own: a node, or the control plane. Plain data: it survives its maker. */
export interface Place {
  readonly name: string;
  /** Its folder on the machine's file system: logs, settings, and what it sees as /var. */
  readonly state: string;
  /** Its cgroup in every hierarchy, as the caller sees them. They are the roots of what is seen inside. */
  readonly cgroups: readonly string[];
  /** Which of the machine's cgroup hierarchies are to be seen inside. */
  readonly view: CgroupView;
  /** The folder of programs, from test/cluster/build.sh. */
  readonly programs: string;
}

/** Joins cgroups and becomes another program: `sh -c JOIN sh CGROUP... -- COMMAND...` */
const JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"';
const START_BOUND_MS = 10_000;

/** Makes the namespaces and cgroups, and returns when they look like a machine from inside. Throws when they do not. */
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
    // Of its own session, so that Ctrl-C of the caller does not kill it before it can be taken down in order.
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

/** The id of its process 1 as the caller sees it. Throws when the place is not up. */
export function pidOf(place: Place): number {
  return Number(readFileSync(join(place.state, 'pid'), 'utf8'));
}

/** The command line that runs `argv` inside: first its cgroups, while they can be seen, then all its namespaces. */
export function inside(place: Place, argv: readonly string[]): string[] {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--wd=/'];
  const enter = ['nsenter', `--target=${pidOf(place)}`, ...namespaces, '--', ...argv];
  return ['sh', '-c', JOIN, 'sh', ...place.cgroups, '--', ...enter];
}

export function execIn(place: Place, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run(inside(place, argv), { ...options, env: { ...environment(place.programs), ...options.env } });
}

/** A file of the place as the caller can open it. */
export function fileIn(place: Place, path: string): string {
  return `/proc/${pidOf(place)}/root${path}`;
}

export function readLog(place: Place, what: string): string {
  const path = join(place.state, `${basename(what)}.log`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Little of the caller's: a proxy setting, say, would come between API server and kubelet. */
function environment(programs: string): Record<string, string> {
  const path = `${join(programs, 'bin')}:${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin`;
  return { PATH: path, HOME: '/root', LANG: 'C.UTF-8' };
}

function hasEnded(child: ChildProcess): () => boolean {
  return () => child.exitCode !== null || child.signalCode !== null;
}
