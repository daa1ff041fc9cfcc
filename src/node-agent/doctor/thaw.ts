/**
 * Opens a freezer that a dead agent and its dead guard left closed.
 *
 * The proof is made again under the lock of the journal, so that no guard that starts now takes over the record in
 * between. The proof is: the record is open, its writer is dead, and the directory is the cgroup that the record names.
 * While the cgroup is frozen, no guard accepts another announcement of it. THAWED is written only once, so that a later
 * freeze by somebody else stands. Then the record is marked as recovered, and the next guard reports that to the agent.
 */
import { closeSync, constants, fstatSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Libc } from '../../native/libc.js';
import { errnoName } from '../../native/syscall-error.js';
import type { FrozenCgroup, Thaw } from '../pure/doctor-facts.js';
import type { Entry } from '../pure/doctor-judgement.js';
import { asRecovered, parseJournal, RECORD_BYTES, type JournalRecord } from '../pure/guard-journal.js';
import { lookAtFreezer } from '../cgroup/freezer-look.js';
import { bytesOf, objectionToFolder, openJournal } from './journals.js';
import { lookAtProcesses } from './living.js';

/** flock(2): LOCK_EX | LOCK_NB. The numbers are the same on every architecture. */
const LOCK_EXCLUSIVE_NONBLOCKING = 2 | 4;

/** open(2). O_CLOEXEC is 0x80000 on x86-64 and arm64; Node does not export it. */
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0x80000;

/** How long the thaw is verified, in milliseconds. Thawing 10,000 tasks takes 150 ms on a busy machine. */
const VERIFY_MS = 2000;
/** Pause between two looks, in milliseconds. */
const LOOK_MS = 5;

export interface ThawSurroundings {
  readonly libc: Libc;
  readonly proc: string;
}

/** @param entry The record that shows that Stasis closed the freezer of this cgroup. */
export async function thawAbandoned(cgroup: FrozenCgroup, entry: Entry, surroundings: ThawSurroundings): Promise<Thaw> {
  const { directory } = cgroup;
  const { capture } = entry.record;
  const done = (outcome: Thaw['outcome'], message: string): Thaw => ({ directory, capture, outcome, message });
  const objection = objectionToFolder(entry.journal.folder);
  if (objection !== undefined) return done('Refused', objection);
  let journal = -1;
  try {
    journal = openJournal(`${entry.journal.folder}/${entry.journal.file}`, constants.O_RDWR);
    const refusal = write(cgroup, entry.record, journal, surroundings);
    if (refusal !== undefined) return done('Refused', refusal);
    const [outcome, message] = await verify(cgroup);
    if (outcome !== 'NotThawed') settle(journal, entry.record);
    return done(outcome, message);
  } catch (error) {
    return done('Refused', `the thaw failed: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  } finally {
    if (journal >= 0) closeSync(journal);
  }
}

/** Returns why nothing was written; undefined when the thaw was written. */
function write(
  cgroup: FrozenCgroup,
  record: JournalRecord,
  journal: number,
  { libc, proc }: ThawSurroundings,
): string | undefined {
  if (libc.flock(journal, LOCK_EXCLUSIVE_NONBLOCKING) !== 0) return 'a guard has locked the journal and settles it';
  if (findRecord(journal, record) === undefined) return 'the record has been settled meanwhile';
  if (lookAtProcesses(proc)(record.pid, record.startTicks)) return `its agent is alive (pid ${record.pid})`;
  // Node's openSync() would encode the path as UTF-8, and the name of a cgroup may be any bytes.
  const directory = libc.open(cgroup.directory, DIRECTORY);
  if (directory < 0) return `its directory cannot be opened: ${errnoName(directory)}`;
  try {
    const status = fstatSync(directory, { bigint: true });
    if (status.ino !== record.inode || status.dev !== record.device) return 'another cgroup has this path now';
    // The freezer's file is opened through the descriptor, so that it certainly belongs to this directory.
    const at = `/proc/self/fd/${directory}`;
    if (lookAtFreezer(at, cgroup.version)?.self !== true) return 'the freezer has been opened meanwhile';
    if (cgroup.version === 'v1') writeFileSync(`${at}/freezer.state`, 'THAWED', { flag: 'r+' });
    else writeFileSync(`${at}/cgroup.freeze`, '0', { flag: 'r+' });
    return undefined;
  } finally {
    closeSync(directory);
  }
}

function findRecord(journal: number, record: JournalRecord): { bytes: Uint8Array; at: number } | undefined {
  const bytes = bytesOf(journal) ?? new Uint8Array();
  const slots = parseJournal(bytes);
  const at = slots.findIndex((slot) => slot.sort === 'Sound' && isSame(slot.record, record)) * RECORD_BYTES;
  return at < 0 ? undefined : { bytes: bytes.subarray(at, at + RECORD_BYTES), at };
}

/** Marks the record as recovered, while the journal is still locked. */
function settle(journal: number, record: JournalRecord): void {
  const found = findRecord(journal, record);
  if (found !== undefined) writeSync(journal, asRecovered(found.bytes), 0, RECORD_BYTES, found.at);
}

function isSame(found: JournalRecord, record: JournalRecord): boolean {
  return (
    found.state === 'Open' &&
    found.capture === record.capture &&
    found.boot === record.boot &&
    found.inode === record.inode &&
    found.device === record.device &&
    found.pid === record.pid &&
    found.startTicks === record.startTicks
  );
}

async function verify({ directory, version, above: cause }: FrozenCgroup): Promise<[Thaw['outcome'], string]> {
  for (let waited = 0; ; waited += LOOK_MS) {
    const look = lookAtFreezer(directory, version);
    if (look === undefined) return ['Thawed', 'its cgroup has been removed meanwhile'];
    if (!look.closed) return ['Thawed', 'its tasks run again'];
    const late = waited >= VERIFY_MS;
    if (!look.self && (late || cause !== undefined)) {
      return ['FrozenAbove', 'its own freezer is open now, and a freezer above it is closed'];
    }
    if (late) return ['NotThawed', 'its freezer was closed again, or does not open'];
    await sleep(LOOK_MS);
  }
}
