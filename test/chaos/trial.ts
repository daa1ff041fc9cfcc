/** One trial: harms a command that captures without end, and watches until everything is as it was before. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Ground } from './ground.js';
import type { Kind } from './kinds.js';
import type { Random } from './random.js';
import { exactly, now, type Scene, until } from './scene.js';
import { isGuard, startVictim, type Victim } from './victim.js';

/** How long a trial watches, in milliseconds: longer than any bound, to tell how late a release was. */
const PATIENCE_MS = 15_000;
const START_BOUND_MS = 20_000;
/** The time before the second look at a free ground, in milliseconds. Any process that could still freeze has run by then. */
const SECOND_LOOK_MS = 40;
/** How long a guard may take to end, in milliseconds. A guard that has nothing left to guard ends at once. */
const GUARD_END_MS = 3000;
/** How long a command may take to end, in milliseconds. A command that was continued, or whose thread hangs, ends by its own bounds or by SIGKILL. */
const END_MS = 5000;
/** The range of the instant of harm, in milliseconds: as long as some captures, so that the instant falls anywhere in a capture. */
const SPREAD_MS = { hold: 130, none: 25 } as const;

/** Code for the command: SIGUSR2 makes the event loop of the main thread hang. */
const LOOP_HANGS = `data:text/javascript,${encodeURIComponent(
  "import{isMainThread}from'node:worker_threads';if(isMainThread)process.on('SIGUSR2',()=>{for(;;);})",
)}`;

export interface Plan {
  readonly kind: Kind;
  readonly ground: Ground;
  readonly random: Random;
  readonly state: string;
  readonly bystander: string;
  /** The fault point; undefined means a random instant. */
  readonly point?: string;
  readonly hold: boolean;
  /** Whether the command practises before its first capture, as usual. */
  readonly practises: boolean;
}

export interface Outcome {
  /** The time from the harm until all was free. */
  readonly milliseconds: number;
  /** Whether something was frozen or traced at the instant of the harm. */
  readonly held: boolean;
  /** Everything that was left behind or broke a promise. Must be empty. */
  readonly left: readonly string[];
  /** Says how late the release was, if it missed its bound. */
  readonly late?: string;
  /** Why the harm could not be done. The other fields then mean nothing. */
  readonly missed?: string;
}

/** Returns undefined for a time within its bound. */
export function lateness(milliseconds: number, bound: number): string | undefined {
  return milliseconds > bound ? `${milliseconds.toFixed(0)} ms, and ${bound} are promised` : undefined;
}

export async function runTrial(plan: Plan): Promise<Outcome> {
  const { kind, ground, point, random } = plan;
  const victim = startVictim({
    cgroup: ground.cgroup.directory,
    state: plan.state,
    hold: plan.hold,
    ...(plan.practises ? {} : { fault: point === undefined ? 'none' : `${point}:${kind.action}` }),
    ...(kind.name === 'loop' ? { environment: { NODE_OPTIONS: `--import=${LOOP_HANGS}` } } : {}),
  });
  const begun = point === undefined ? await untilCapturing(victim, plan) : await untilStruck(victim, plan);
  const guard = begun.guard ?? 0;
  if (begun.missed !== undefined || (guard === 0 && begun.at === undefined))
    return await miss(victim, begun.missed ?? 'it had no guard');
  const scene: Scene = { ...plan, victim, guard, aimed: point !== undefined };
  if (point === undefined) exactly(random.between(0, SPREAD_MS[plan.hold ? 'hold' : 'none']));
  if (victim.ended())
    return begun.at === undefined ? await miss(victim, 'it ended') : await look(plan, scene, begun.at, begun.held);
  const struck = await kind.strike(scene);
  const held = begun.held || ground.held();
  return await look(plan, scene, begun.at ?? struck, held);
}

async function look(plan: Plan, scene: Scene, at: bigint, held: boolean): Promise<Outcome> {
  const { kind } = plan;
  const { victim } = scene;
  const next = kind.next?.(scene);
  let last: string[] = [];
  let freeSince: bigint | undefined;
  const isSettled = (): boolean => kind.settled?.(scene) !== false;
  // A victim that is free may freeze again, so the time counts until the moment since which nothing has stood still.
  const settled = await until(() => {
    last = scene.ground.standing(at);
    freeSince = last.length > 0 ? undefined : (freeSince ?? now());
    return last.length === 0 && isSettled();
  }, PATIENCE_MS);
  const milliseconds = Number((freeSince ?? now()) - at) / 1e6;
  const left = settled ? [] : [...last, ...(isSettled() ? [] : ['it has not settled'])];
  left.push(...((await next) ?? []), ...(await aftermath(plan, scene)));
  const told = (what: string): string => `${describe(plan)}: ${what} [${tail(victim)}]`;
  const late = lateness(milliseconds, kind.bound);
  return { milliseconds, held, left: left.map(told), ...(late === undefined ? {} : { late: told(late) }) };
}

/** Continues a stopped victim and ends a living one. Then nothing may stand still, and no process may be left. */
async function aftermath({ kind, random, ground }: Plan, scene: Scene): Promise<string[]> {
  const { victim, guard } = scene;
  if (kind.name === 'stop') {
    await sleep(random.between(0, SECOND_LOOK_MS));
    if (!victim.ended()) victim.kill('SIGCONT');
  }
  if (kind.name === 'loop') victim.kill('SIGKILL');
  if (!victim.ended()) victim.kill('SIGTERM');
  const ended = await until(() => victim.ended(), END_MS);
  if (!ended) victim.kill('SIGKILL');
  await until(() => victim.ended(), END_MS);
  const after = now();
  await until(() => ground.standing(after).length === 0, 1000);
  await sleep(SECOND_LOOK_MS);
  const left = ground.standing(after).map((what) => `${what} at the second look`);
  if (!ended && kind.name !== 'hang') left.push('the command did not end by itself');
  if (!(await until(() => !isGuard(guard), GUARD_END_MS))) left.push(`guard ${guard} is left`);
  return [...left, ...ground.harm()];
}

interface Begun {
  readonly guard?: number | undefined;
  /** The moment at which the victim harmed itself. */
  readonly at?: bigint;
  readonly held: boolean;
  readonly missed?: string;
}

/** Waits until a command without a fault point is seen to capture. */
async function untilCapturing(victim: Victim, { ground }: Plan): Promise<Begun> {
  const seen = await until(() => ground.held() || victim.ended(), START_BOUND_MS);
  if (!seen || victim.ended()) return { held: false, missed: seen ? 'it ended' : 'it captured nothing' };
  return { held: false, guard: victim.guard() };
}

/** Waits until the victim has harmed itself: it is stopped, or has ended, or (with a thread that hangs) is seen to hold. */
async function untilStruck(victim: Victim, { kind, ground }: Plan): Promise<Begun> {
  let guard: number | undefined;
  let firstHeld: bigint | undefined;
  let lastAlive = now();
  const struck = await until(
    () => {
      guard ??= victim.guard();
      if (firstHeld === undefined && ground.held()) firstHeld = now();
      if (victim.ended()) return true;
      lastAlive = now();
      if (kind.action === 'stop') return victim.stopped();
      return kind.action === 'hang' && firstHeld !== undefined;
    },
    kind.action === 'hang' ? END_MS : START_BOUND_MS,
  );
  const held = firstHeld !== undefined;
  if (kind.action === 'stop' && struck && !victim.ended()) return { guard, held };
  const unharmed = kind.action === 'stop' || (kind.action !== 'hang' && !struck);
  if (unharmed) return { held, missed: struck ? 'it ended' : 'its fault point was not reached' };
  // The time counts from the last look at which the victim lived, so it is up to one millisecond too long.
  return { guard, held, at: kind.action === 'kill' ? lastAlive : (firstHeld ?? lastAlive) };
}

async function miss(victim: Victim, why: string): Promise<Outcome> {
  if (!victim.ended()) victim.kill('SIGKILL');
  await until(() => victim.ended(), END_MS);
  return { milliseconds: 0, held: false, left: [], missed: `${why} [${tail(victim)}]` };
}

function describe({ kind, ground, point, hold, practises }: Plan): string {
  const where = point ?? (practises ? 'anywhere, practised' : 'anywhere');
  return `${kind.name}, ${ground.shape.name}, ${ground.version}, ${where}${hold ? ', hold' : ''}`;
}

function tail(victim: Victim): string {
  return victim.stderr().trim().split('\n').slice(-4).join(' | ');
}
