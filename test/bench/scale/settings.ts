/** How large the bench is, from the environment. The defaults are what docs/performance.md reports. */

export interface Settings {
  /** Name of the throw-away cluster. */
  readonly cluster: string;
  /** The sizes of the clusters, in nodes. None: the figures of earlier runs are written once more. */
  readonly sizes: readonly number[];
  /** The parts to run on the largest cluster of at most 100 nodes, beside the load. */
  readonly parts: readonly Part[];
  /** Checkpoints that are created at once. */
  readonly burst: number;
  readonly perMinute: number;
  readonly minutes: number;
  /** Whether nodes are taken away for good, which takes a quarter of an hour until their Leases may be gone. */
  readonly leaks: boolean;
  /** Most pods held at a time in the steady part. */
  readonly holds: number;
  /** Checkpoints of one pod, in the part with two tenants. */
  readonly queue: number;
  /** Holds while connections are closed. */
  readonly releaseHolds: number;
  /** Finished PodCaptures at a start and at an uninstall. */
  readonly archive: number;
  /** The chart's value controller.workers. Undefined: its default. */
  readonly workers: number | undefined;
  /** Processes of each captured pod. */
  readonly processes: number;
}

export const PARTS = ['load', 'tenant', 'release', 'archive', 'uninstall'] as const;
export type Part = (typeof PARTS)[number];

export function settingsFrom(environment: Readonly<Record<string, string | undefined>>): Settings {
  const number = (name: string, usual: number): number => {
    const value = Number(environment[name] ?? usual);
    if (!Number.isFinite(value) || value < 0) throw new Error(`${name}: ${environment[name]} is not a number`);
    return value;
  };
  const sizes = (environment['NODES'] ?? '10,100,1000').split(',').filter(Boolean).map(Number);
  const named = (environment['PARTS'] ?? PARTS.join(',')).split(',');
  const unknown = named.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new Error(`PARTS: ${unknown} is none of ${PARTS.join(', ')}`);
  return {
    cluster: environment['NAME'] ?? 'scale',
    sizes,
    parts: PARTS.filter((part) => named.includes(part)),
    burst: number('BURST', 5_000),
    perMinute: number('PER_MINUTE', 500),
    minutes: number('MINUTES', 10),
    leaks: environment['LEAKS'] !== '0',
    holds: number('HOLDS', 200),
    queue: number('QUEUE', 4_000),
    releaseHolds: number('RELEASE_HOLDS', 500),
    archive: number('ARCHIVE', 10_000),
    workers: environment['WORKERS'] === undefined ? undefined : number('WORKERS', 0),
    processes: number('PROCESSES', 20),
  };
}
