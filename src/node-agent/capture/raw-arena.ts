/**
 * Raw bytes of /proc files, kept as they were read. No code here looks into the bytes; parsing waits until the tasks run again.
 * Pure: the caller brings the function that reads.
 */

/** The file that a record holds, by its path below /proc/PID. */
export const RAW_FILES = [
  'status',
  'stat',
  'exe',
  /** Read for tasks that are not traced. In a v1 cgroup that somebody else froze, only wchan shows a job-control stop. */
  'wchan',
  'uid_map',
  'gid_map',
  'ns/cgroup',
  'ns/ipc',
  'ns/mnt',
  'ns/net',
  'ns/pid',
  'ns/time',
  'ns/user',
  'ns/uts',
] as const;
export type RawFile = (typeof RAW_FILES)[number];

/**
 * The entries of namespaces(7) that name the namespaces of a task. The `_for_children` entries, which name later namespaces, are
 * left out.
 */
export const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const;

/** When a record was read: before the freeze while the task ran, while the task stood still, or after the release. */
export const RAW_LOOKS = ['first', 'held', 'after'] as const;
export type RawLook = (typeof RAW_LOOKS)[number];

/** Sizes of the first chunk, which is enough for a pod of a few dozen tasks, and of each further chunk, for pods of many threads. */
const FIRST_CHUNK_BYTES = 64 << 10;
const CHUNK_BYTES = 1 << 20;
/** Room that a read must find. A status file usually has 1.4 kB. A read that fills its room is repeated with more room. */
const ROOM_BYTES = 16 << 10;
/** The most that one capture may keep: the status of 90,000 processes. */
export const MAX_ARENA_BYTES = 128 << 20;
/** Numbers per record in the index: file and look, id, chunk, offset, length. */
const FIELDS = 5;

const NO_ROOM = new Uint8Array(0);

/** An arena as plain data, to be transferred to another thread. */
export interface RawRecords {
  readonly chunks: readonly Uint8Array[];
  readonly index: Int32Array;
}

export class RawArena {
  /** Chunks are kept from one capture to the next, because fresh memory would have to be faulted in during the pause. */
  readonly #chunks: Uint8Array[] = [];
  #current = 0;
  #index = new Int32Array(FIELDS * 512);
  #entries = 0;
  #used = 0;
  #full = false;

  /** Forgets the records. Views that were handed out must not be used any more. */
  clear(): void {
    this.#current = 0;
    this.#entries = 0;
    this.#used = 0;
    this.#full = false;
  }

  /** Whether a record found no room. The capture is then not complete, and must say so. */
  get isFull(): boolean {
    return this.#full;
  }

  /**
   * Lets `read` fill the free room and keeps the bytes, after `shrink` has cut out the part that need not be kept. Returns the
   * kept bytes as a view, or -errno. `read` is called again with more room when it filled all the room that it was given.
   */
  add(
    look: RawLook,
    file: RawFile,
    id: number,
    read: (into: Uint8Array) => number,
    shrink?: (bytes: Uint8Array, length: number) => number,
  ): Uint8Array | number {
    let room = this.#room(ROOM_BYTES);
    let length = read(room);
    while (length === room.length && room.length > 0) {
      room = this.#room(4 * room.length);
      length = read(room);
    }
    if (length < 0 || room.length === 0) return length;
    if (shrink !== undefined) length = shrink(room, length);
    this.#note(RAW_LOOKS.indexOf(look) * RAW_FILES.length + RAW_FILES.indexOf(file), id, length);
    this.#used += length;
    return room.subarray(0, length);
  }

  /** Returns the records, in the order in which they were added. */
  records(): RawRecords {
    return { chunks: this.#chunks, index: this.#index.slice(0, this.#entries * FIELDS) };
  }

  #room(atLeast: number): Uint8Array {
    for (; this.#current < this.#chunks.length; this.#current++, this.#used = 0) {
      const chunk = this.#chunks[this.#current];
      if (chunk !== undefined && chunk.length - this.#used >= atLeast) return chunk.subarray(this.#used);
    }
    const size = Math.max(this.#chunks.length === 0 ? FIRST_CHUNK_BYTES : CHUNK_BYTES, atLeast);
    if (this.#chunks.reduce((sum, chunk) => sum + chunk.length, size) > MAX_ARENA_BYTES) {
      this.#full = true;
      return NO_ROOM;
    }
    const chunk = new Uint8Array(size);
    this.#chunks.push(chunk);
    this.#used = 0;
    return chunk;
  }

  #note(kind: number, id: number, length: number): void {
    const at = this.#entries * FIELDS;
    if (at === this.#index.length) {
      const larger = new Int32Array(this.#index.length * 2);
      larger.set(this.#index);
      this.#index = larger;
    }
    this.#index[at] = kind;
    this.#index[at + 1] = id;
    this.#index[at + 2] = this.#current;
    this.#index[at + 3] = this.#used;
    this.#index[at + 4] = length;
    this.#entries += 1;
  }
}

/** A record: the bytes of one file at one look. */
export interface RawRecord {
  readonly look: RawLook;
  readonly file: RawFile;
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** Walks the records in order. */
export function* eachRecord(records: RawRecords): Generator<RawRecord> {
  const { index, chunks } = records;
  for (let at = 0; at < index.length; at += FIELDS) {
    const chunk = chunks[index[at + 2] ?? 0];
    const offset = index[at + 3] ?? 0;
    const kind = index[at] ?? 0;
    const look = RAW_LOOKS[Math.floor(kind / RAW_FILES.length)];
    const file = RAW_FILES[kind % RAW_FILES.length];
    if (chunk === undefined || look === undefined || file === undefined) continue;
    yield { look, file, id: index[at + 1] ?? 0, bytes: chunk.subarray(offset, offset + (index[at + 4] ?? 0)) };
  }
}
