/**
 * Raw bytes of /proc files, kept as they were read while the pod stood still. Nothing here looks into them but to find
 * whose they are; parsing waits until the tasks run again.
 */

/** Which file an entry holds. */
export const RAW_STATUS = 0;
export const RAW_EXE = 1;
/** Status of a process that is in /proc and in no list: a zombie child, or a stranger. */
export const RAW_CANDIDATE = 2;
/** wchan, of tasks that are read in somebody else's frozen v1 cgroup: there it alone tells a stopped task. */
export const RAW_WCHAN = 3;
/** stat and namespace links as they were before the freeze, and after the release. The links' kinds follow one another. */
export const RAW_BEFORE = 10;
export const RAW_AFTER = 30;

/** Enough for a pod of a few dozen tasks, and for those of many threads. */
const FIRST_CHUNK_BYTES = 64 << 10;
const CHUNK_BYTES = 1 << 20;
/** Room that a read must find. status is 1.4 kB, or up to 0.7 MB for a task in 65,536 groups, which reads again. */
const ROOM_BYTES = 16 << 10;
/** kind, id, chunk, offset, length. */
const FIELDS = 5;

/** An arena as plain data, to be transferred to another thread. */
export interface RawRecords {
  readonly chunks: readonly Uint8Array[];
  readonly index: Int32Array;
}

export class RawArena {
  /** Chunks are kept from one capture to the next: fresh memory would have to be faulted in during the pause. */
  readonly #chunks: Uint8Array[] = [];
  #current = 0;
  #index = new Int32Array(FIELDS * 512);
  #entries = 0;
  #used = 0;

  /** Forgets the records, and with them every view that was handed out. */
  clear(): void {
    this.#current = 0;
    this.#entries = 0;
    this.#used = 0;
  }

  /**
   * Lets `read` fill the free room and keeps what it read. Returns the bytes kept as a view, or -errno. `read` is called
   * again with more room when it filled all that it was given.
   */
  add(kind: number, id: number, read: (into: Uint8Array) => number): Uint8Array | number {
    let room = this.#room(ROOM_BYTES);
    let length = read(room);
    while (length === room.length) {
      room = this.#room(4 * room.length);
      length = read(room);
    }
    if (length < 0) return length;
    this.#note(kind, id, length);
    this.#used += length;
    return room.subarray(0, length);
  }

  /** Takes the records out, in the order in which they were added. */
  records(): RawRecords {
    return { chunks: this.#chunks, index: this.#index.slice(0, this.#entries * FIELDS) };
  }

  #room(atLeast: number): Uint8Array {
    for (; this.#current < this.#chunks.length; this.#current++, this.#used = 0) {
      const chunk = this.#chunks[this.#current];
      if (chunk !== undefined && chunk.length - this.#used >= atLeast) return chunk.subarray(this.#used);
    }
    const size = this.#chunks.length === 0 ? FIRST_CHUNK_BYTES : CHUNK_BYTES;
    const chunk = new Uint8Array(Math.max(size, atLeast));
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

/** One record. */
export interface RawRecord {
  readonly kind: number;
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** Walks the records in order. */
export function* eachRecord(records: RawRecords): Generator<RawRecord> {
  const { index, chunks } = records;
  for (let at = 0; at < index.length; at += FIELDS) {
    const chunk = chunks[index[at + 2] ?? 0];
    const offset = index[at + 3] ?? 0;
    if (chunk === undefined) continue;
    yield {
      kind: index[at] ?? 0,
      id: index[at + 1] ?? 0,
      bytes: chunk.subarray(offset, offset + (index[at + 4] ?? 0)),
    };
  }
}
