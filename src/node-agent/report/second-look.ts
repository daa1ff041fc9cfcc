/** Reads a capture's tasks again after the release, to compare them with the reads before the freeze. */
import type { KernelFiles } from '../../native/kernel.js';
import { readBracket, readStat } from '../capture/bracket.js';
import { eachRecord, RawArena } from '../capture/raw-arena.js';
import type { RawCapture } from '../capture/raw-capture.js';
import { digestStatus, type StatusDigest } from '../pure/status-digest.js';
import { dropGroups } from '../pure/without-groups.js';
import type { SecondLook } from './parse-report.js';

/** Bound of a read in bytes. A status file of a task in 65,536 groups, the most that Linux allows (NGROUPS_MAX), has 722 kB. */
const LARGEST_STATUS = 1 << 20;
const FIRST_STATUS = 32 << 10;

/** Reads everything that the report needs. `heldStatus`: ids of the tasks whose status was read while they stood still. */
export function takeSecondLook(
  files: KernelFiles,
  proc: string,
  raw: RawCapture,
  heldStatus: ReadonlySet<number>,
): SecondLook {
  const arena = new RawArena();
  for (const [pid, tid] of raw.processes) readBracket(files, proc, arena, 'after', pid, tid);
  if (!raw.zombiesAreHeld) for (const pid of raw.zombies) readStat(files, proc, arena, 'after', pid);
  readIdMaps(files, proc, arena);
  const digests = new Map<number, StatusDigest>();
  const read = wholeReader(files);
  for (const { tid } of raw.tasks) {
    const first = raw.firstLooks.get(tid);
    if (first === undefined || heldStatus.has(tid)) continue;
    // The path goes through the process, so that it leads nowhere when the tid belongs to another process by now.
    const bytes = read(`${proc}/${first.tgid}/task/${tid}/status`);
    const digest = bytes === undefined ? undefined : digestStatus(bytes);
    if (digest === undefined || bytes === undefined) continue;
    digests.set(tid, digest);
    if (first.isPassedOver) keepStatus(arena, tid, bytes);
  }
  const stat = read(`${proc}/stat`);
  return { records: arena.records(), digests, bootTimeText: new TextDecoder().decode(stat ?? new Uint8Array()) };
}

/** Keeps the status of a leader that was not read in the pause: its row is made of it. */
function keepStatus(arena: RawArena, tid: number, bytes: Uint8Array): void {
  const kept = bytes.slice();
  const length = dropGroups(kept, kept.length);
  arena.add('after', 'status', tid, (into) => {
    const end = Math.min(length, into.length);
    into.set(kept.subarray(0, end));
    return end;
  });
}

/**
 * Reads the id maps of one process in each user namespace other than the reader's. A process may end between the read of its
 * link and that of its maps; then the next process of its namespace is asked.
 */
function readIdMaps(files: KernelFiles, proc: string, arena: RawArena): void {
  const own = new Uint8Array(64);
  const length = files.readlinkInto(`${proc}/self/ns/user`, own);
  const known = new Set([new TextDecoder().decode(own.subarray(0, Math.max(0, length)))]);
  for (const { file, id, bytes } of eachRecord(arena.records())) {
    if (file !== 'ns/user') continue;
    const name = new TextDecoder().decode(bytes);
    if (known.has(name)) continue;
    const maps = (['uid_map', 'gid_map'] as const).map((map) =>
      arena.add('after', map, id, (into) => files.readInto(`${proc}/${id}/${map}`, into)),
    );
    if (maps.every((map) => typeof map !== 'number' && map.length > 0)) known.add(name);
  }
}

/**
 * Returns a function that reads a file to its end, however many pieces the file comes in: /proc/stat has lines of many kilobytes
 * on a large machine.
 */
function wholeReader(files: KernelFiles): (path: string) => Uint8Array | undefined {
  let buffer = new Uint8Array(FIRST_STATUS);
  return (path) => {
    const fd = files.open(path, 'read');
    if (fd < 0) return undefined;
    try {
      let length = 0;
      for (;;) {
        const more = files.pread(fd, buffer.subarray(length), length);
        if (more < 0) return undefined;
        length += more;
        if (more === 0 || length === LARGEST_STATUS) return buffer.subarray(0, length);
        if (length < buffer.length) continue;
        const larger = new Uint8Array(2 * buffer.length);
        larger.set(buffer);
        buffer = larger;
      }
    } finally {
      files.close(fd);
    }
  };
}
