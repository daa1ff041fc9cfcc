/** Plans the trials of a run: every kind on every workload and version, at random instants and at every fault point. Pure. */
import type { KindName } from './kinds.js';
import type { Random } from './random.js';

export interface PlannedTrial {
  readonly kind: KindName;
  /** The fault point; undefined means a random instant. */
  readonly point?: string;
  readonly hold: boolean;
  /** The command practises, as usual, so that its practice is struck too. A command with a fault point does not. */
  readonly practises: boolean;
}

/** The trials that one process carries out on one ground. */
export interface Batch {
  /** Index in the list of shapes. */
  readonly shape: number;
  readonly version: 'v1' | 'v2';
  readonly seed: number;
  readonly trials: readonly PlannedTrial[];
}

export interface PlannedKind {
  readonly name: KindName;
  readonly anywhere: boolean;
  readonly points?: readonly string[];
}

/** Trials per batch: a batch takes some seconds, so that the last batches of a run end together. */
const BATCH = 10;
/** The share of commands that practise. Others start sooner, and their cold code takes longer, which leaves more time for the harm. */
const PRACTISED_PERCENT = 30;
/** The fault point that only a capture with a hold reaches. */
const IN_HOLD = 'in-hold';

export interface PlanRequest {
  readonly kinds: readonly PlannedKind[];
  readonly shapes: number;
  readonly versions: readonly ('v1' | 'v2')[];
  readonly points: readonly string[];
  /** Trials of each kind. */
  readonly kills: number;
}

export function planBatches({ kinds, shapes, versions, points, kills }: PlanRequest, random: Random): Batch[] {
  const grounds = versions.flatMap((version) => Array.from({ length: shapes }, (_, shape) => ({ version, shape })));
  const lists = grounds.map((): PlannedTrial[] => []);
  for (const kind of kinds) {
    // Each kind begins on another ground, so that a short run does not leave the last grounds out.
    const first = Math.floor(random.between(0, grounds.length));
    for (let index = 0; index < kills; index++)
      lists[(first + index) % grounds.length]?.push(
        planTrial(kind, points, Math.floor(index / grounds.length), random),
      );
  }
  const batches = grounds.flatMap(({ version, shape }, index) =>
    chunks(shuffled(lists[index] ?? [], random), BATCH).map((trials): Batch => {
      return { shape, version, seed: Math.floor(random.between(0, 2 ** 32)), trials };
    }),
  );
  return shuffled(batches, random);
}

/** Plans one trial: half of the trials strike at a random instant, the other half at the fault points in turn. */
function planTrial(kind: PlannedKind, all: readonly string[], round: number, random: Random): PlannedTrial {
  const points = kind.points ?? all;
  const anywhere = points.length === 0 || (kind.anywhere && random.percent(50));
  if (anywhere) return { kind: kind.name, hold: random.percent(50), practises: random.percent(PRACTISED_PERCENT) };
  const point = points[(round + Math.floor(random.between(0, points.length))) % points.length] ?? IN_HOLD;
  return { kind: kind.name, point, hold: point === IN_HOLD || random.percent(50), practises: false };
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((item) => ({ item, order: random.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
