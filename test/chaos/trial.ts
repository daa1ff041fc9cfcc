/** One trial: a command that captures without end is harmed, and everything is looked at until it is as it was. */
import { setTimeout as sleep } from 'node:timers/promises';

import { type Ground, sweepRehearsals } from './ground.js';
import { boundOf, type Kind } from './kinds.js';
import type { Random } from './random.js';
import { exactly, now, type Scene, standing, until } from './scene.js';
import { isGuard, startVictim, type Victim } from './victim.js';

/** Looked at for so much longer than any bound, to tell how late it was. */
const PATIENCE_MS = 15_000;
const START_BOUND_MS = 20_000;
/** After it was free once: whoever could still freeze it has run by then. */
const SECOND_LOOK_MS = 40;
/** A guard that has nothing left to guard ends at once. */
const GUARD_END_MS = 3000;
/** A command that was continued, or whose thread hangs, ends by its own bounds or by SIGKILL. */
const END_MS = 5000;
/** Some captures long, so that the instant falls anywhere in one. */
const SPREAD_MS = { hold: 130, none: 25 } as const;

/** Makes SIGUSR2 hang the event loop of the main thread, in the command as it is. */
const LOOP_HANGS = `data:text/javascript,${encodeURIComponent(
  "import{isMainThread}from'node:worker_threads';if(isMainThread)process.on('SIGUSR2',()=>{for(;;);})",
)}`;

export interface Plan {
  readonly kind: Kind;
  readonly ground: Ground;
  readonly random: Random;
  readonly state: string;
  readonly bystander: string;
  /** A fault point; undefined: at a random instant. */
  readonly point?: string;
  readonly hold: boolean;
  /** The command as it is, its rehearsal included; else a cold one, that strikes in the capture that was asked for. */
  readonly rehearsed: boolean;
}

export interface Outcome {
  /** From the harm until all was free. */
  readonly milliseconds: number;
  /** Something was frozen or traced when it was struck. */
  readonly held: boolean;
  /** What was left behind, or not as promised. Must be empty. */
  readonly left: readonly string[];
  /** By how much the bound was missed. */
  readonly late?: string;
  /** The harm could not be done, and why; then the rest means nothing. */
  readonly missed?: string;
}

/** Undefined when it is within its bound. */
export function lateness(milliseconds: number, bound: number): string | undefined {
  return milliseconds > bound ? `${milliseconds.toFixed(0)} ms, and ${bound} are promised` : undefined;
}

export async function runTrial(plan: Plan): Promise<Outcome> {
  const { kind, ground, point, random } = plan;
  const victim = startVictim({
    cgroup: ground.cgroup.directory,
    state: plan.state,
    hold: plan.hold,
    ...(plan.rehearsed ? {} : { fault: point === undefined ? 'none' : `${point}:${kind.action}` }),
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
  // Free is not enough while it can still freeze: what counts is the moment since which nothing has stood any more.
  const settled = await until(() => {
    last = standing(scene, at);
    freeSince = last.length > 0 ? undefined : (freeSince ?? now());
    return last.length === 0 && isSettled();
  }, PATIENCE_MS);
  const milliseconds = Number((freeSince ?? now()) - at) / 1e6;
  const left = settled ? [] : [...last, ...(isSettled() ? [] : ['it has not settled'])];
  left.push(...((await next) ?? []), ...(await aftermath(plan, scene)));
  const told = (what: string): string => `${describe(plan)}: ${what} [${tail(victim)}]`;
  const late = lateness(milliseconds, boundOf(plan));
  return { milliseconds, held, left: left.map(told), ...(late === undefined ? {} : { late: told(late) }) };
}

/** What was stopped is continued, what lives is ended; then nothing may stand, and nobody be left. */
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
  await until(() => standing(scene, after).length === 0, 1000);
  await sleep(SECOND_LOOK_MS);
  const left = standing(scene, after).map((what) => `${what} at the second look`);
  if (!ended && kind.name !== 'hang') left.push('the command did not end by itself');
  if (!(await until(() => !isGuard(guard), GUARD_END_MS))) left.push(`guard ${guard} is left`);
  let unswept: string[] = [];
  await until(() => (unswept = sweepRehearsals(victim.pid)).length === 0, GUARD_END_MS);
  return [...left, ...unswept, ...ground.harm()];
}

interface Begun {
  readonly guard?: number | undefined;
  /** When it has struck itself. */
  readonly at?: bigint;
  readonly held: boolean;
  readonly missed?: string;
}

/** A command without a fault point: until a capture of its was seen. */
async function untilCapturing(victim: Victim, { ground }: Plan): Promise<Begun> {
  const seen = await until(() => ground.held() || victim.ended(), START_BOUND_MS);
  if (!seen || victim.ended()) return { held: false, missed: seen ? 'it ended' : 'it captured nothing' };
  return { held: false, guard: victim.guard() };
}

/** Until it has struck itself: it is stopped, or dead, or (a thread that hangs or has ended) holds for long or no more. */
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
  // From the last look at which it lived: up to a millisecond too much is counted.
  return { guard, held, at: kind.action === 'kill' ? lastAlive : (firstHeld ?? lastAlive) };
}

async function miss(victim: Victim, why: string): Promise<Outcome> {
  if (!victim.ended()) victim.kill('SIGKILL');
  await until(() => victim.ended(), END_MS);
  await until(() => sweepRehearsals(victim.pid).length === 0, GUARD_END_MS);
  return { milliseconds: 0, held: false, left: [], missed: `${why} [${tail(victim)}]` };
}

function describe({ kind, ground, point, hold, rehearsed }: Plan): string {
  const where = point ?? (rehearsed ? 'anywhere, rehearsed' : 'anywhere');
  return `${kind.name}, ${ground.shape.name}, ${ground.version}, ${where}${hold ? ', hold' : ''}`;
}

function tail(victim: Victim): string {
  return victim.stderr().trim().split('\n').slice(-4).join(' | ');
}
