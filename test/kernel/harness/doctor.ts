/** A node for `stasis doctor`: the cgroups of a pod below a cgroup of the test, and captures that die there. */
import type { DoctorReport } from '../../../src/node-agent/pure/doctor-report.js';
import type { Cgroup } from './cgroup.js';
import { journalOf, startClient, startGuard, type Client, type RunningGuard } from './guard.js';
import { startStasis, STASIS } from './stasis-command.js';
import { eventually } from './waiting.js';

export const POD = '0f8fad5b-d9cb-469f-a165-70867728950e';
export const CONTAINER = 'c0ffee00'.repeat(8);
/** The capture id that test/programs/guard-client.c uses. */
export const CAPTURE = '67756172-642d-636c-6965-6e742d000000';

export interface Node {
  /** The cgroup that plays the root of the hierarchy. */
  readonly root: Cgroup;
  readonly pod: Cgroup;
  readonly container: Cgroup;
}

/** Makes the cgroups of a node with one pod, as kubelet makes them. */
export function nodeBelow(root: Cgroup): Node {
  const pod = root.child('kubepods').child('burstable').child(`pod${POD}`);
  return { root, pod, container: pod.child(CONTAINER) };
}

export interface Answer {
  readonly status: number | null;
  readonly report: DoctorReport;
}

/** Runs `stasis doctor` on that node only. The words of `before` are put before the command. */
export async function consult(
  { root }: Node,
  state: string,
  more: readonly string[] = [],
  before: readonly string[] = [],
): Promise<Answer> {
  const args = ['doctor', '--cgroup-root', root.directory, '--state', state, '-o', 'json', ...more];
  const ended = await startStasis(args, [...before, STASIS]).ended;
  if (ended.stderr !== '') throw new Error(ended.stderr);
  return { status: ended.status, report: JSON.parse(ended.stdout) as DoctorReport };
}

/** Runs `stasis doctor` without the rehearsal, which takes seconds on a busy machine. */
export async function examine(node: Node, state: string, ...more: string[]): Promise<Answer> {
  return await consult(node, state, ['--no-rehearsal', ...more]);
}

export async function freeze(cgroup: Cgroup): Promise<void> {
  cgroup.freeze();
  await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
}

export interface Capture {
  readonly guard: RunningGuard;
  readonly client: Client;
  readonly journal: string;
}

/** Starts a capture and lets it close the freezer. */
export async function capture(cgroup: Cgroup): Promise<Capture> {
  const guard = await startGuard();
  const client = await startClient(guard, cgroup);
  await client.say('announce 0 900 60000');
  await client.say('freeze');
  await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
  return { guard, client, journal: journalOf(guard) };
}

/** Starts such a capture, and kills first its guard and then its agent. */
export async function leave(cgroup: Cgroup): Promise<Capture> {
  const left = await capture(cgroup);
  await left.guard.end('SIGKILL');
  left.client.kill('SIGKILL');
  await left.client.died();
  return left;
}
