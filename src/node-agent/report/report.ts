/** From the raw bytes of a capture to its report: done when the tasks run again, on whichever tracing thread is alive. */
import type { ContainerCapture, ProcessRow, Timings, UnfrozenTask } from '../../api/podcapture.js';
import type { KernelFiles } from '../../native/kernel.js';
import { NAMESPACES, readBracket } from '../capture/bracket.js';
import type { Failure } from '../pure/failure.js';
import { parseBootTime } from '../pure/boot-time.js';
import { parseNsLink } from '../pure/ns-link.js';
import { parseStat } from '../pure/proc-stat.js';
import { parseStatus, type ProcStatus } from '../pure/proc-status.js';
import { processRows, type ProcessFacts, type TaskFacts } from '../pure/process-rows.js';
import {
  eachRecord,
  RAW_AFTER,
  RAW_BEFORE,
  RAW_CANDIDATE,
  RAW_EXE,
  RAW_STATUS,
  RAW_WCHAN,
  RawArena,
  type RawRecords,
} from '../capture/raw-arena.js';
import type { RawCapture, RawTarget, RawTask } from '../capture/raw-capture.js';

/** What a capture found out, parsed. Plain data. */
export interface CaptureReport {
  readonly failure: Failure | undefined;
  readonly tree: readonly ProcessRow[];
  readonly containers: readonly ContainerCapture[];
  readonly threads: number;
  readonly joined: number;
  readonly unfrozen: readonly UnfrozenTask[];
  readonly timings: Timings;
  readonly overrunMicroseconds: number;
  readonly freezeSkewMicroseconds?: number;
  readonly thawUnproved: readonly string[];
}

/** Where a job-control stop sleeps: kernel/signal.c. In a frozen v1 cgroup the state letter hides it. */
const STOPPED_CHANNEL = 'do_signal_stop';

/** Takes the second look of {@link readBracket}, and parses everything. */
export function report(files: KernelFiles, proc: string, raw: RawCapture): CaptureReport {
  const after = new RawArena();
  for (const [pid, tid] of raw.processes) readBracket(files, proc, after, RAW_AFTER, pid, tid);
  const { texts, status, candidates } = parseRecords(raw.records, after.records());
  const tasks = raw.tasks.flatMap((task) => taskFacts(task, raw.targets, status, texts.get(RAW_WCHAN)));
  const tree = processRows({
    tasks,
    deadLeaders: status,
    zombies: new Map([...candidates].filter(([, found]) => found.state === 'Z')),
    processes: processFacts(texts),
    bootTime: bootTime(files, proc),
  });
  return {
    failure: raw.failure,
    tree,
    containers: raw.targets.map((target, index) => containerCapture(target, index, raw.tasks, tasks)),
    threads: tasks.length,
    joined: raw.tasks.filter((task) => task.joined).length,
    unfrozen: raw.unfrozen,
    timings: raw.timings,
    overrunMicroseconds: raw.overrunMicroseconds,
    ...(raw.freezeSkewMicroseconds === undefined ? {} : { freezeSkewMicroseconds: raw.freezeSkewMicroseconds }),
    thawUnproved: raw.thawUnproved,
  };
}

type Texts = ReadonlyMap<number, ReadonlyMap<number, string>>;

interface Parsed {
  readonly texts: Texts;
  readonly status: ReadonlyMap<number, ProcStatus>;
  readonly candidates: ReadonlyMap<number, ProcStatus>;
}

/**
 * The last record of a kind and id is the one that counts. File names may hold any byte; what is not UTF-8 is replaced. status is
 * parsed at once: 10,000 texts of 1.4 kB would have to be kept otherwise.
 */
function parseRecords(...all: readonly RawRecords[]): Parsed {
  const decoder = new TextDecoder();
  const texts = new Map<number, Map<number, string>>();
  const status = new Map<number, ProcStatus>();
  const candidates = new Map<number, ProcStatus>();
  for (const records of all) {
    for (const { kind, id, bytes } of eachRecord(records)) {
      const text = decoder.decode(bytes);
      if (kind === RAW_STATUS || kind === RAW_CANDIDATE) {
        const parsed = parseStatus(text);
        if (parsed.ok) (kind === RAW_STATUS ? status : candidates).set(id, parsed.value);
        continue;
      }
      const ofKind = texts.get(kind) ?? new Map<number, string>();
      texts.set(kind, ofKind.set(id, text));
    }
  }
  return { texts, status, candidates };
}

function taskFacts(
  task: RawTask,
  targets: readonly RawTarget[],
  status: ReadonlyMap<number, ProcStatus>,
  channels: ReadonlyMap<number, string> | undefined,
): TaskFacts[] {
  const found = status.get(task.tid);
  const container = targets[task.target]?.container;
  if (found === undefined || container === undefined) return [];
  const stoppedUnderFreezer = channels?.get(task.tid)?.startsWith(STOPPED_CHANNEL) === true;
  return [
    {
      tid: task.tid,
      status: found,
      stopSignal: task.stopSignal === 0 && stoppedUnderFreezer ? -1 : task.stopSignal,
      cgroup: container.cgroupPath + task.directory.slice(container.directory.length),
    },
  ];
}

function processFacts(texts: Texts): Map<number, ProcessFacts> {
  const facts = new Map<number, ProcessFacts>();
  const before = texts.get(RAW_BEFORE);
  const after = texts.get(RAW_AFTER);
  for (const pid of new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])) {
    const exe = texts.get(RAW_EXE)?.get(pid);
    facts.set(pid, {
      ...(exe === undefined ? {} : { exe }),
      startTimeTicks: startTicks(before?.get(pid)) ?? startTicks(after?.get(pid)) ?? 0,
      namespaces: agreedNamespaces(texts, pid),
    });
  }
  return facts;
}

function startTicks(text: string | undefined): number | undefined {
  const stat = text === undefined ? undefined : parseStat(text);
  return stat?.ok === true ? stat.value.startTimeTicks : undefined;
}

/** What both looks agree on, or what one of them saw while the process was not there for the other. */
function agreedNamespaces(texts: Texts, pid: number): Record<string, number> {
  const agreed: Record<string, number> = {};
  for (const [index, name] of NAMESPACES.entries()) {
    const before = texts.get(RAW_BEFORE + 1 + index)?.get(pid);
    const after = texts.get(RAW_AFTER + 1 + index)?.get(pid);
    const text = before === undefined || after === undefined || before === after ? (before ?? after) : undefined;
    const link = text === undefined ? undefined : parseNsLink(text);
    if (link?.ok === true) agreed[name] = link.value.inode;
  }
  return agreed;
}

function containerCapture(
  target: RawTarget,
  index: number,
  raw: readonly RawTask[],
  tasks: readonly TaskFacts[],
): ContainerCapture {
  const tids = new Set(raw.filter((task) => task.target === index).map((task) => task.tid));
  const own = tasks.filter((task) => tids.has(task.tid));
  const { name, containerID, cgroupPath, cgroupVersion } = target.container;
  return {
    ...(name === undefined ? {} : { name }),
    ...(containerID === undefined ? {} : { containerID }),
    cgroupPath,
    cgroupVersion,
    freezer: target.freezer,
    wasFrozen: target.wasFrozen,
    processes: new Set(own.map((task) => task.status.tgid)).size,
    threads: own.length,
  };
}

function bootTime(files: KernelFiles, proc: string): number {
  const buffer = new Uint8Array(64 << 10);
  const length = files.readInto(`${proc}/stat`, buffer);
  const parsed = parseBootTime(new TextDecoder().decode(buffer.subarray(0, Math.max(0, length))));
  return parsed.ok ? parsed.value : 0;
}
