/** The kinds of harm, and the promise of each row of the table. Bounds are in milliseconds. */
import { setTimeout as sleep } from 'node:timers/promises';

import { now, type Scene, until } from './scene.js';
import { HOLD_MS, isGuard, startVictim, TIMEOUT_MS } from './victim.js';

/** The bound of the guard, and of a process that has a guard. */
const SECOND = 1000;
/** The bound of a process that does not die by itself: the deadline of the capture and a second. */
const DEADLINE = TIMEOUT_MS + HOLD_MS + SECOND;
/** kubelet sends SIGKILL two seconds after SIGTERM in a forced deletion. */
const FORCED_GRACE = 2000;
/** The bound of the next command. It includes the start of Node, and the recovery that the guard makes before it answers. */
const NEXT_START = 10_000;
/** How long a stopped command waits for its SIGKILL, at most. */
const LONGEST_STOP_MS = 60;
/** When a stopped command is continued: about one second after the announcement, when the guard ends the command. */
const ABOUT_THE_DEADLINE = [850, 1150] as const;

export const KIND_NAMES = [
  'kill',
  'stop',
  'stopKill',
  'continue',
  'guard',
  'both',
  'term',
  'loop',
  'crash',
  'hang',
] as const;
export type KindName = (typeof KIND_NAMES)[number];

export interface Kind {
  readonly name: KindName;
  /** The row of the table in docs/safety.md. */
  readonly row: string;
  readonly bound: number;
  /** The action of the victim at its fault point. */
  readonly action: 'kill' | 'stop' | 'exit' | 'hang';
  /** Whether the harm is also done at instants spread over the whole capture. */
  readonly anywhere: boolean;
  /** Fault points at which the harm makes sense; undefined means all. */
  readonly points?: readonly string[];
  /** Does the harm. Returns the moment from which the time counts. */
  strike(scene: Scene): Promise<bigint>;
  /** A further condition that must hold when all is free. */
  settled?(scene: Scene): boolean;
  /** Starts the next command, and returns what went wrong. */
  next?(scene: Scene): Promise<string[]>;
}

/** Strikes nothing, because the victim has harmed itself. */
const nothing = async (): Promise<bigint> => await Promise.resolve(now());

function signal({ victim, aimed }: Scene, name: NodeJS.Signals): bigint {
  const at = now();
  victim.kill(name);
  if (aimed) victim.kill('SIGCONT');
  return at;
}

function killGuard(guard: number): void {
  if (isGuard(guard)) process.kill(guard, 'SIGKILL');
}

export const KINDS: readonly Kind[] = [
  {
    name: 'kill',
    row: 'the command is killed with SIGKILL',
    bound: SECOND,
    action: 'kill',
    anywhere: true,
    strike: async (scene) => await Promise.resolve(signal(scene, 'SIGKILL')),
    settled: ({ victim }) => victim.ended(),
  },
  {
    name: 'stop',
    row: 'the command is stopped (SIGSTOP), and continued when all is free',
    bound: DEADLINE,
    action: 'stop',
    anywhere: true,
    strike: async ({ victim }) => {
      const at = now();
      victim.kill('SIGSTOP');
      return await Promise.resolve(at);
    },
  },
  {
    name: 'stopKill',
    row: 'SIGKILL while the command is stopped',
    bound: SECOND,
    action: 'stop',
    anywhere: true,
    strike: async ({ victim, random }) => {
      victim.kill('SIGSTOP');
      await sleep(random.between(0, LONGEST_STOP_MS));
      const at = now();
      victim.kill('SIGKILL');
      return at;
    },
    settled: ({ victim }) => victim.ended(),
  },
  {
    name: 'continue',
    row: 'stopped between announcing and writing, continued about when the guard thaws',
    bound: SECOND,
    action: 'stop',
    anywhere: false,
    points: ['after-announce', 'before-freeze-write', 'after-freeze-write'],
    strike: async ({ victim, random }) => {
      await sleep(random.between(...ABOUT_THE_DEADLINE));
      const at = now();
      victim.kill('SIGCONT');
      return at;
    },
  },
  {
    name: 'guard',
    row: 'the guard itself is killed',
    bound: SECOND,
    action: 'stop',
    anywhere: true,
    strike: async ({ guard, victim, aimed }) => {
      const at = now();
      killGuard(guard);
      if (aimed) victim.kill('SIGCONT');
      return await Promise.resolve(at);
    },
    settled: ({ victim, guard }) => !isGuard(guard) && (victim.ended() || victim.guard() !== undefined),
  },
  {
    name: 'both',
    row: 'the command and its guard are killed at once; the next start recovers',
    bound: NEXT_START,
    action: 'stop',
    anywhere: true,
    strike: async ({ guard, victim, random }) => {
      const guardFirst = random.percent(50);
      if (guardFirst) killGuard(guard);
      victim.kill('SIGKILL');
      if (!guardFirst) killGuard(guard);
      await until(() => victim.ended() && !isGuard(guard), SECOND);
      return now();
    },
    // The next command need not succeed: on a machine that is too busy for the guard to answer in time, it refuses to capture.
    next: async ({ bystander, state, ground, guard }) => {
      const victim = startVictim({ cgroup: bystander, state, hold: false, fault: 'none', repeat: 1 });
      const ended = await until(() => victim.ended(), NEXT_START);
      const held = ground.standing(0n).map((what) => `${what} when the next command had ended`);
      return [
        ...held,
        ...(isGuard(guard) ? ['the guard that was killed is alive'] : []),
        ...(ended ? [] : ['the next command does not end']),
      ];
    },
  },
  {
    name: 'term',
    row: 'SIGTERM',
    bound: FORCED_GRACE,
    action: 'stop',
    anywhere: true,
    strike: async (scene) => await Promise.resolve(signal(scene, 'SIGTERM')),
    settled: ({ victim }) => victim.ended(),
  },
  {
    name: 'loop',
    row: "the command's event loop hangs",
    bound: DEADLINE,
    action: 'stop',
    anywhere: true,
    points: [],
    strike: async ({ victim }) => {
      const at = now();
      victim.kill('SIGUSR2');
      return await Promise.resolve(at);
    },
  },
  {
    name: 'crash',
    row: 'the tracing thread crashes',
    bound: DEADLINE,
    action: 'exit',
    anywhere: false,
    strike: nothing,
    settled: ({ victim }) => victim.ended(),
  },
  {
    name: 'hang',
    row: 'the tracing thread hangs in a killable sleep in the kernel',
    bound: DEADLINE,
    action: 'hang',
    anywhere: false,
    strike: nothing,
  },
];
