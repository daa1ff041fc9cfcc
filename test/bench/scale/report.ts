/** Writes what was measured as Markdown: what grows with the number of nodes, and the other targets. Pure. */
import type { ArchiveResult } from './archive.js';
import type { BurstResult } from './burst.js';
import { cores, megabytes, quantile, seconds } from './figures.js';
import type { LeaksResult } from './leaks.js';
import type { RemovalResult } from './removal.js';
import type { ReleaseResult } from './release.js';
import type { SteadyResult } from './steady.js';
import type { TenantResult } from './tenant.js';

/** What was measured on a cluster of one size. Parts that were not run are absent. */
export interface Results {
  readonly nodes: number;
  /** Version of the API server. */
  kubernetes?: string;
  burst?: BurstResult;
  steady?: SteadyResult;
  leaks?: LeaksResult;
  tenant?: TenantResult;
  release?: ReleaseResult;
  archive?: ArchiveResult;
  removal?: RemovalResult;
}

export interface Machine {
  readonly date: string;
  readonly node: string;
  readonly processors: number;
}

type Row = readonly [what: string, target: string, value: (results: Results) => string | undefined];

const GROWTH: readonly Row[] = [
  ['**Checkpoints at once**', '', ({ burst }) => burst && `${burst.checkpoints}`],
  ['all created within', '', ({ burst }) => burst && seconds(burst.createdWithinMs)],
  ['all ended within', '', ({ burst }) => burst && seconds(burst.finishedWithinMs)],
  ['first status: median, p99', '', ({ burst }) => burst && pair(burst.firstStatusP50, burst.firstStatusP99)],
  ['ended otherwise than Captured', '', ({ burst }) => burst && counts(burst.notCaptured, burst.unfinished)],
  ['leader: most memory', 'under 200 MB', ({ burst }) => burst && megabytes(burst.cost.leader.peakRss)],
  ['leader: cores', '', ({ burst }) => burst && cores(burst.cost.leader.cores)],
  ['API server, etcd: cores', '', ({ burst }) => burst && servers(burst)],
  ['API writes a Checkpoint', 'at most 8', ({ burst }) => burst && each(burst)],
  [
    '**Steady part**: Checkpoints',
    '',
    ({ steady }) => steady && `${steady.checkpoints} in ${steady.minutes} min, ${steady.withHold} with a hold`,
  ],
  ['most pods held at a time', '', ({ steady }) => steady && `${steady.mostHolds}`],
  ['nodes that disappeared and returned', '', ({ steady }) => steady && `${steady.goneAndBack}`],
  ['creation to claim: median, p99', 'p99 under 2 s', ({ steady }) => steady && pair(steady.claimP50, steady.claimP99)],
  ['creation to end, without a hold: p99', '', ({ steady }) => steady && seconds(steady.finishP99)],
  [
    'ended otherwise, on nodes that stayed',
    'none',
    ({ steady }) => steady && counts(steady.notCaptured, steady.unfinished),
  ],
  ['ended otherwise, on nodes that disappeared', '', ({ steady }) => steady && counts(steady.caught, 0)],
  ['leader: most memory', 'under 200 MB', ({ steady }) => steady && megabytes(steady.cost.leader.peakRss)],
  ['leader: cores', 'at most 0.5', ({ steady }) => steady && cores(steady.cost.leader.cores)],
  ['standby: most memory, cores', '', ({ steady }) => steady && standby(steady)],
  ['API server, etcd: cores', '', ({ steady }) => steady && servers(steady)],
  ['hollow agents: cores in all, memory of each', '', (results) => agents(results)],
  ['API writes a Checkpoint, those with a hold included', '', ({ steady }) => steady && each(steady)],
  ['API writes a Checkpoint with a hold', 'at most 8', (results) => eachHold(results)],
  ['**Nodes taken away for good**', '', ({ leaks }) => leaks && `${leaks.nodes}`],
  ['their Leases left; after', 'none', ({ leaks }) => leaks && `${leaks.leases}; ${seconds(leaks.leasesAfterMs)}`],
  ['open in the leader before, after: sockets', 'no more', ({ leaks }) => leaks && sockets(leaks)],
  [
    'timers open in the leader before, after, beside one for each Checkpoint that has ended',
    'no more',
    ({ leaks }) => leaks && timers(leaks),
  ],
];

const PARTS: readonly Row[] = [
  [
    'first status of a Checkpoint of another namespace while thousands wait for one pod: median, longest',
    'at most 1 s',
    ({ tenant }) =>
      tenant &&
      `${pair(quantile(tenant.firstStatus, 0.5), Math.max(...tenant.firstStatus))} (${tenant.stillQueued} of ${tenant.queued} still waited)`,
  ],
  ['their claim: longest', '', ({ tenant }) => tenant && seconds(Math.max(...tenant.claimed))],
  ['until all of the queue were deleted', '', ({ tenant }) => tenant && seconds(tenant.goneWithinMs)],
  [
    'early release: median, longest',
    '',
    ({ release }) =>
      release &&
      `${pair(quantile(release.undisturbed, 0.5), Math.max(...release.undisturbed))} (${release.holds} holds)`,
  ],
  [
    'the same, a connection of the leader closed just before: median, longest',
    'at most 1 s',
    ({ release }) =>
      release &&
      `${pair(quantile(release.disturbed, 0.5), Math.max(...release.disturbed))} (${release.disturbed.length} of ${release.connections} connections)`,
  ],
  [
    'start with finished PodCaptures: most memory of each replica',
    'under 256 MB',
    ({ archive }) =>
      archive &&
      `${archive.survived ? archive.peakRss.map(megabytes).join(', ') : 'KILLED'} (${archive.captures} of ${(archive.bytesEach / 1024).toFixed(0)} KiB)`,
  ],
  ['until a new Checkpoint was captured', '', ({ archive }) => archive && seconds(archive.workingWithinMs)],
  [
    'helm uninstall with them and with holds: in all, the Job',
    'at most 60 s',
    ({ removal }) =>
      removal &&
      `${pair(removal.withinMs, removal.jobMs)} (${removal.holds} holds; status ${removal.helmStatus}, ${removal.jobStatus})`,
  ],
  ['left afterwards', 'nothing', ({ removal }) => removal && counts(removal.left, 0)],
];

export function report(all: readonly Results[], machine: Machine): string[] {
  const { processors, node, date } = machine;
  const kubernetes = [...new Set(all.flatMap((one) => one.kubernetes ?? []))].join(' and ');
  return [
    `Kubernetes ${kubernetes}, Node ${node}, everything on ${processors} processors, ${date}.`,
    '',
    ...table(GROWTH, all),
    '',
    ...table(
      PARTS,
      all.filter(({ tenant, release, archive, removal }) => tenant ?? release ?? archive ?? removal),
    ),
  ];
}

function table(rows: readonly Row[], all: readonly Results[]): string[] {
  if (all.length === 0) return [];
  const filled = rows.map(([what, target, value]) => [what, target, ...all.map((one) => value(one) ?? '')]);
  return [
    `| what | target | ${all.map(({ nodes }) => `${nodes.toLocaleString('en')} nodes`).join(' | ')} |`,
    `|${'---|'.repeat(2 + all.length)}`,
    ...filled
      .filter(([, , ...values]) => values.some((value) => value !== ''))
      .map((cells) => `| ${cells.join(' | ')} |`),
  ];
}

function pair(one: number, other: number): string {
  return `${seconds(one)}, ${seconds(other)}`;
}

function counts(reasons: Readonly<Record<string, number>>, unfinished: number): string {
  const named = Object.entries(reasons).filter(([, count]) => count > 0);
  const all = unfinished > 0 ? [...named, ['did not end', unfinished]] : named;
  return all.length === 0 ? 'none' : all.map(([reason, count]) => `${count} ${reason}`).join(', ');
}

function each({ checkpoints, cost }: BurstResult | SteadyResult): string {
  return (cost.writes.total / checkpoints).toFixed(1);
}

/** A Checkpoint without a hold costs as much in the stream as in the burst; the rest is of those with a hold. */
function eachHold({ burst, steady }: Results): string | undefined {
  if (burst === undefined || steady === undefined || steady.withHold === 0) return undefined;
  const plain = (steady.checkpoints - steady.withHold) * (burst.cost.writes.total / burst.checkpoints);
  return ((steady.cost.writes.total - plain) / steady.withHold).toFixed(1);
}

function servers({ cost }: BurstResult | SteadyResult): string {
  return `${cores(cost.apiServer.cores)}, ${cores(cost.etcd.cores)}`;
}

function standby({ cost }: SteadyResult): string {
  return `${megabytes(cost.standby.peakRss)}, ${cores(cost.standby.cores)}`;
}

function agents({ nodes, steady }: Results): string | undefined {
  return steady && `${cores(steady.cost.agentsCores)}, ${(steady.cost.agentsRss / 1e6 / nodes).toFixed(1)} MB`;
}

function opened(open: Readonly<Record<string, number>>, kinds: RegExp): number {
  return Object.entries(open)
    .filter(([kind]) => kinds.test(kind))
    .reduce((total, [, count]) => total + count, 0);
}

function sockets({ before, after }: LeaksResult): string {
  const kinds = /TLS|TCPSocket/;
  return `${opened(before, kinds)}, ${opened(after, kinds)}`;
}

function timers({ before, after, finishedBefore, finishedAfter }: LeaksResult): string {
  return `${opened(before, /Timeout/) - finishedBefore}, ${opened(after, /Timeout/) - finishedAfter}`;
}

/** The writes of a Checkpoint by what was written and by whom, for the text below the tables. */
export function writers({ burst, steady }: Results): string[] {
  const part = steady ?? burst;
  if (part === undefined) return [];
  return Object.entries(part.cost.writes.byKind)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `| ${kind} | ${(count / part.checkpoints).toFixed(2)} |`);
}
