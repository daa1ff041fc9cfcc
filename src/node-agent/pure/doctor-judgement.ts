/** Judges who holds each cgroup and task that stands still on a node, and whether it should stand still. Pure. */
import type { AuditFacts, FrozenCgroup, Journal, TracedTask } from './doctor-facts.js';
import type { JournalRecord } from './guard-journal.js';
import { podUIDOf, recogniseContainer } from './pod-layout.js';

/**
 * The holder of a frozen cgroup. Guarded: a capture of ours, under a guard that lives. Left: a capture of ours whose agent and
 * guard are dead. AgentAlive: the guard is dead, and the agent could still freeze the cgroup again. Foreign: no open record of
 * this boot is about this cgroup. Above: a cgroup above it is the cause.
 */
export type Holder =
  | ({ readonly kind: 'Guarded' | 'Left' | 'AgentAlive' } & OurCapture)
  | { readonly kind: 'Foreign' }
  | { readonly kind: 'Above'; readonly directory?: string };

export interface OurCapture {
  readonly capture: string;
  readonly agentPid: number;
  readonly guardPid: number;
  readonly journal: string;
}

interface Place {
  readonly directory: string;
  readonly podUID?: string;
  readonly containerID?: string;
}

export interface FrozenFinding extends Place {
  readonly version: 'v1' | 'v2';
  readonly complete: boolean;
  readonly holder: Holder;
  /** Time since the cgroup was announced to the guard. */
  readonly sinceMicroseconds?: number;
  /** The cgroup has been frozen for at most this time. Earlier freezes of the cgroup may be counted in it. */
  readonly atMostMicroseconds?: number;
  readonly tasks: number;
  readonly processes: FrozenCgroup['processes'];
  /** `--thaw` opens the freezer. */
  readonly thawable: boolean;
  /** The cgroup stands still, and nobody who is known to live will end that. */
  readonly wrong: boolean;
}

export interface TracedFinding extends Place {
  readonly tid: number;
  readonly pid: number;
  readonly comm: string;
  readonly stopped: boolean;
  readonly tracer: { readonly tid: number; readonly pid: number; readonly comm: string };
  /** The capture of ours that traces the task, and when that capture ends at the latest. */
  readonly capture?: { readonly uid: string; readonly endsInMicroseconds: number; readonly guardAlive: boolean };
  readonly wrong: boolean;
}

/**
 * Time after a deadline before a finding is wrong. A guard acts at the deadline, and at the latest 0.7 s after the end of a
 * capture; the rest is for a busy node.
 */
const GRACE_MICROSECONDS = 2_000_000;

/** A record, and the journal that contains it. */
export interface Entry {
  readonly journal: Journal;
  readonly record: JournalRecord;
  readonly writerAlive: boolean;
}

/** Makes one finding per cgroup, in the order of the cgroups. */
export function judgeFrozen(facts: AuditFacts): FrozenFinding[] {
  const own = new Map<string, FrozenFinding>();
  for (const cgroup of facts.frozen) if (cgroup.self) own.set(cgroup.directory, judgeSelf(facts, cgroup));
  return facts.frozen.map((cgroup) => own.get(cgroup.directory) ?? judgeBelow(cgroup, own));
}

function judgeSelf(facts: AuditFacts, cgroup: FrozenCgroup): FrozenFinding {
  const entry = recordOf(facts, cgroup);
  if (entry === undefined) return { ...shared(cgroup), holder: { kind: 'Foreign' }, thawable: false, wrong: true };
  const { journal, record, writerAlive } = entry;
  const kind = journal.guardAlive ? 'Guarded' : writerAlive ? 'AgentAlive' : 'Left';
  return {
    ...shared(cgroup),
    holder: {
      kind,
      capture: record.capture,
      agentPid: record.pid,
      guardPid: journal.guardPid,
      journal: journal.file,
    },
    sinceMicroseconds: Math.max(0, facts.now - record.announcedMicroseconds),
    // If the cgroup's tasks cannot be seen, its agent may not be visible either, and would be taken for dead.
    thawable: kind === 'Left' && cgroup.tasks > 0 && !cgroup.unseenTasks,
    wrong: kind !== 'Guarded' || facts.now > record.freezerDeadlineMicroseconds + GRACE_MICROSECONDS,
  };
}

/** The open record of this boot about this cgroup. A record under a living guard comes first, then a record with a living writer. */
export function recordOf(facts: Pick<AuditFacts, 'boot' | 'journals'>, cgroup: FrozenCgroup): Entry | undefined {
  const entries = entriesOf(facts).filter(
    ({ record }) =>
      record.state === 'Open' &&
      record.version === cgroup.version &&
      record.inode === cgroup.inode &&
      record.device === cgroup.device,
  );
  const rank = ({ journal, writerAlive }: Entry): number => (journal.guardAlive ? 0 : writerAlive ? 1 : 2);
  return entries.toSorted((a, b) => rank(a) - rank(b))[0];
}

function entriesOf({ boot, journals }: Pick<AuditFacts, 'boot' | 'journals'>): Entry[] {
  return journals.flatMap((journal) =>
    journal.records.filter(({ record }) => record.boot === boot).map((each) => ({ journal, ...each })),
  );
}

function judgeBelow(cgroup: FrozenCgroup, own: ReadonlyMap<string, FrozenFinding>): FrozenFinding {
  const { above } = cgroup;
  const cause = above === undefined ? undefined : own.get(above);
  return {
    ...shared(cgroup),
    holder: { kind: 'Above', ...(above === undefined ? {} : { directory: above }) },
    ...(cause?.sinceMicroseconds === undefined ? {} : { sinceMicroseconds: cause.sinceMicroseconds }),
    thawable: false,
    wrong: cause?.wrong ?? true,
  };
}

function shared(cgroup: FrozenCgroup): Omit<FrozenFinding, 'holder' | 'thawable' | 'wrong'> {
  const { version, directory, complete, tasks, processes, frozenMicroseconds } = cgroup;
  const most = frozenMicroseconds === undefined ? {} : { atMostMicroseconds: frozenMicroseconds };
  return { version, ...placeOf(directory), complete, ...most, tasks, processes };
}

/** Makes one finding per traced task. A traced task that runs is not wrong, though no capture of its pod can succeed. */
export function judgeTraced(facts: AuditFacts): TracedFinding[] {
  const entries = entriesOf(facts);
  return facts.traced.map((task) => judgeTask(task, entries, facts.now));
}

function judgeTask(task: TracedTask, entries: readonly Entry[], now: number): TracedFinding {
  const { tid, pid, comm, stopped, tracer } = task;
  const entry = entries
    .filter(
      ({ record }) => record.tid === tracer.tid && record.pid === tracer.pid && record.startTicks === tracer.startTicks,
    )
    .toSorted((a, b) => b.record.announcedMicroseconds - a.record.announcedMicroseconds)[0];
  const left = (entry?.record.holdDeadlineMicroseconds ?? 0) - now;
  const guardAlive = entry?.journal.guardAlive === true;
  const capture =
    entry === undefined ? {} : { capture: { uid: entry.record.capture, endsInMicroseconds: left, guardAlive } };
  return {
    ...placeOf(task.cgroup),
    tid,
    pid,
    comm,
    stopped,
    tracer: { tid: tracer.tid, pid: tracer.pid, comm: tracer.comm },
    ...capture,
    wrong: stopped && (!guardAlive || left < -GRACE_MICROSECONDS),
  };
}

function placeOf(directory: string): Place {
  const segments = directory.split('/');
  const pod = segments.map(podUIDOf).find((uid) => uid !== undefined);
  const container = segments.map(recogniseContainer).find((found) => found !== undefined);
  return {
    directory,
    ...(pod === undefined ? {} : { podUID: pod }),
    ...(container === undefined ? {} : { containerID: container.containerID }),
  };
}
