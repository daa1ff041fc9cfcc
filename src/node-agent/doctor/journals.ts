/** Reads the journals of this node's guards. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import type { Journal } from '../pure/doctor-facts.js';
import { guardOfJournal, MAX_RECORDS, parseJournal, RECORD_BYTES, type JournalSlot } from '../pure/guard-journal.js';
import type { IsAlive } from './living.js';

export interface Journals {
  readonly journals: readonly Journal[];
  /** One line of text per folder or journal that could not be read. */
  readonly unseen: readonly string[];
}

/** Reads the journals of several folders. A folder that does not exist has no journals. */
export function readAllJournals(folders: readonly string[], isAlive: IsAlive): Journals {
  const all = folders.map((folder) => readJournals(folder, isAlive));
  return { journals: all.flatMap(({ journals }) => journals), unseen: all.flatMap(({ unseen }) => unseen) };
}

/**
 * Reads every journal of a state folder without taking a lock. A guard that starts while somebody holds the lock of a
 * journal, even for an instant, would believe that the journal's guard is alive, and a pod could stay frozen. A record
 * that is being written has a wrong checksum; it is read once more.
 */
export function readJournals(folder: string, isAlive: IsAlive): Journals {
  const journals: Journal[] = [];
  const unseen: string[] = [];
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    const code = codeOf(error);
    return { journals, unseen: code === 'ENOENT' ? [] : [`cannot read the state folder ${folder}: ${code}`] };
  }
  for (const file of names.sort()) {
    const guard = guardOfJournal(file);
    if (guard === undefined) continue;
    const path = `${folder}/${file}`;
    const slots = readSlots(path);
    if (typeof slots === 'string') {
      if (slots !== 'ENOENT') unseen.push(`cannot read the journal ${path}: ${slots}`);
      continue;
    }
    journals.push({
      folder,
      file,
      guardPid: guard.pid,
      guardAlive: isAlive(guard.pid, guard.startTicks),
      records: slots.flatMap((slot) =>
        slot.sort === 'Sound' && slot.record.pid > 0
          ? [{ record: slot.record, writerAlive: isAlive(slot.record.pid, slot.record.startTicks) }]
          : [],
      ),
      torn: count(slots, 'Torn'),
      foreign: count(slots, 'Foreign'),
    });
  }
  return { journals, unseen };
}

function readSlots(path: string): readonly JournalSlot[] | string {
  const first = readOnce(path);
  return typeof first !== 'string' && count(first, 'Torn') > 0 ? readOnce(path) : first;
}

function readOnce(path: string): readonly JournalSlot[] | string {
  try {
    const fd = openJournal(path);
    try {
      const bytes = bytesOf(fd);
      return bytes === undefined ? 'ENOENT' : parseJournal(bytes);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return codeOf(error);
  }
}

/** Opens a journal without following a link and without waiting for a pipe. Throws the error of open(2). */
export function openJournal(path: string, mode: number = constants.O_RDONLY): number {
  return openSync(path, mode | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Returns all bytes of the journal; undefined when it is no regular file or was removed. */
export function bytesOf(fd: number): Uint8Array | undefined {
  const status = fstatSync(fd);
  if (!status.isFile() || status.nlink === 0) return undefined;
  const bytes = new Uint8Array(MAX_RECORDS * RECORD_BYTES);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read) {
    read = readSync(fd, bytes, length, bytes.length - length, length);
  }
  return bytes.subarray(0, length);
}

/** Returns why the contents of the folder cannot be trusted; undefined when only root could have written them. */
export function objectionToFolder(folder: string): string | undefined {
  const status = lstatSync(folder, { throwIfNoEntry: false });
  if (status === undefined) return `the state folder ${folder} does not exist`;
  if (!status.isDirectory()) return `the state folder ${folder} is not a directory`;
  if (status.uid !== 0 || (status.mode & 0o022) !== 0)
    return `users other than root can write to the state folder ${folder}`;
  return undefined;
}

function count(slots: readonly JournalSlot[], sort: JournalSlot['sort']): number {
  return slots.filter((slot) => slot.sort === sort).length;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
