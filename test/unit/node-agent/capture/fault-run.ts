/** Runs a capture with something going wrong in it, and says what it left behind. */
import { constants } from 'node:os';
import { ORDER_UNGUARDED } from '../../../../src/node-agent/capture/board.js';
import type { Guard } from '../../../../src/native/guard.js';
import type { RawCapture } from '../../../../src/node-agent/capture/raw-capture.js';
import { fakeGuard, type FakeGuard, type FakeGuardScript } from '../../../fake/guard.js';
import type { Call, CallName } from '../../../fake/script.js';
import { makeScene, POD, reopenWhenBlocked, type Mode, type Scene } from './scene.js';

/** Something that goes wrong at one call. */
export type Fault =
  | { readonly kind: 'errno'; readonly name: CallName; readonly errno: number }
  /** SIGKILL of a whole process, right before the call. */
  | { readonly kind: 'kill'; readonly victim: number }
  /** A thread that is not the leader exits by itself. */
  | { readonly kind: 'exit' }
  /** The pod is deleted: all are killed and the cgroups removed as soon as they are empty. */
  | { readonly kind: 'delete' }
  /** A defect of ours, or of the seam: an exception. */
  | { readonly kind: 'throw' }
  | { readonly kind: 'foreignFreeze'; readonly freeze: boolean }
  | { readonly kind: 'join' }
  | { readonly kind: 'order'; readonly bit: number }
  /** The guard is killed: nothing that it is told is answered any more, and the main thread sees it. */
  | { readonly kind: 'guardDies' };

export interface Planned {
  readonly at: number;
  readonly fault: Fault;
}

const { EPIPE } = constants.errno;
const HOLD_MICROSECONDS = 60_000;

/** A pod of a process with two threads, its child, and on v2 and without freezer a stopped process as well. */
export function populated(mode: Mode): Scene & { readonly pids: readonly number[] } {
  const scene = makeScene(mode);
  const init = scene.add({ comm: 'init', threads: 1 });
  const child = scene.add({ comm: 'child', ppid: init });
  const pids = mode === 'v1' ? [init, child] : [init, child, scene.add({ comm: 'stopped', stopSignal: 19 })];
  reopenWhenBlocked(scene);
  return { ...scene, pids };
}

function run(scene: Scene, guard: Guard = fakeGuard()): RawCapture {
  return scene.run({ timeoutMicroseconds: 50_000, holdMicroseconds: HOLD_MICROSECONDS }, { guard });
}

/** The calls of a capture in which nothing goes wrong. */
export function cleanCalls(mode: Mode): readonly Call[] {
  const scene = populated(mode);
  run(scene);
  return [...scene.kernel.script.log];
}

/** Everything that is wrong after a capture with these faults; empty when all is as promised. */
export function leftBehind(mode: Mode, plan: readonly Planned[], answers: FakeGuardScript = {}): string[] {
  const scene = { ...populated(mode), guardAlive: true };
  const { host, kernel } = scene;
  const answer = (result: number | undefined): number => (scene.guardAlive ? (result ?? 0) : -EPIPE);
  const guard = fakeGuard({
    announce: (index, announcement) => answer(answers.announce?.(index, announcement)),
    opened: (index) => answer(answers.opened?.(index)),
    disowned: (index) => answer(answers.disowned?.(index)),
    done: (index) => answer(answers.done?.(index)),
  });
  for (const { at, fault } of plan) arrange(scene, at, fault);
  let raw: RawCapture;
  try {
    raw = run(scene, guard);
  } catch (error) {
    return [`threw ${String(error)}`, ...openDescriptors(scene), ...findings(scene)];
  }
  const wrong = openDescriptors(scene);
  if (raw.threadMustEnd) kernel.endTracingThread();
  if (raw.thawUnproved.length > 0) wrong.push(`thaw of ${raw.thawUnproved.join()} not proved`);
  wrong.push(...findings(scene));
  if (scene.guardAlive && !raw.threadMustEnd) wrong.push(...guardFindings(guard));
  if (raw.failure?.reason === 'GuardUnavailable' && raw.firstActAt === undefined) wrong.push(...touched(scene));
  try {
    scene.report(raw);
  } catch (error) {
    wrong.push(`report() threw ${String(error)}`);
  }
  host.advance(1_000_000);
  return wrong;
}

/** A guard that believes to the end that something is held would end the process for it. */
function guardFindings(guard: FakeGuard): string[] {
  const told = guard.told.map(({ kind }) => kind);
  const undismissed = told.includes('announce') && told.at(-1) !== 'done';
  return [
    ...guard.open().map((container) => `the guard has ${container} for closed`),
    ...(undismissed ? ['not done'] : []),
  ];
}

/** What a capture did that was refused before it began. */
function touched({ kernel }: Scene): string[] {
  return kernel.script.log.filter(({ name }) => TOUCHES.has(name)).map(({ name, args }) => `${name}(${args.join()})`);
}

const TOUCHES: ReadonlySet<string> = new Set<CallName>(['write', 'seize', 'interrupt']);

function arrange(scene: ReturnType<typeof populated> & { guardAlive: boolean }, at: number, fault: Fault): void {
  const { host, kernel, pids, board } = scene;
  const killAll = (): void => {
    for (const pid of pids) if (host.exists(pid)) host.kill(pid);
  };
  switch (fault.kind) {
    case 'errno':
      return kernel.script.fail(fault.name, 1, fault.errno, (call) => call.number === at);
    case 'kill':
      return kernel.script.at(at, () => {
        const pid = pids[fault.victim % pids.length] ?? 0;
        if (host.exists(pid)) host.kill(pid);
      });
    case 'exit':
      return kernel.script.at(at, () => {
        const thread = (pids[0] ?? 0) + 1;
        if (host.runs(thread)) host.exit(thread);
      });
    case 'delete':
      return kernel.script.at(at, () => {
        killAll();
        removeWhenEmpty(host);
      });
    case 'throw':
      return kernel.script.at(at, () => {
        throw new Error('thrown by the seam');
      });
    case 'foreignFreeze':
      return kernel.script.at(at, () => {
        for (const version of ['v1', 'v2'] as const) {
          const cgroup = host.cgroup(version, POD);
          if (cgroup.frozenBy !== 'agent') host.freeze(version, POD, fault.freeze);
        }
      });
    case 'join':
      return kernel.script.at(at, () => void host.addProcess({ v1: POD, v2: POD, comm: 'late' }));
    case 'order':
      return kernel.script.at(at, () => board.order(fault.bit));
    case 'guardDies':
      return kernel.script.at(at, () => {
        scene.guardAlive = false;
        board.order(ORDER_UNGUARDED);
      });
    default:
      return fault satisfies never;
  }
}

/** What was frozen dies when it is thawed, what is traced is listed until it is reaped: so it is tried again and again. */
function removeWhenEmpty(host: Scene['host']): void {
  let busy = false;
  for (const version of ['v1', 'v2'] as const) {
    try {
      host.removeCgroup(version, POD);
    } catch (error) {
      // `no v1 cgroup`: it is removed already.
      busy ||= String(error).includes('busy');
    }
  }
  if (busy && host.now() < 3_000_000) host.later(100, () => removeWhenEmpty(host));
}

function openDescriptors({ kernel }: Scene): string[] {
  return kernel.openPaths().map((path) => `left open: ${path}`);
}

function findings({ host }: Scene): string[] {
  return host.audit().map((finding) => JSON.stringify(finding));
}
