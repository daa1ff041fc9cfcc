/** Lines from chunks of bytes, however these are cut. */

const NEWLINE = 0x0a;

/** Holds the beginning of the line that has not ended yet. */
export class LineSplitter {
  readonly #longest: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /** `longest` in bytes, without the newline. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Bytes of the line that has not ended yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The lines that end in this chunk, without empty ones; 'tooLong' once one has passed the bound. */
  push(chunk: Uint8Array): string[] | 'tooLong' {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (!this.#keep(chunk.subarray(start, end))) return 'tooLong';
      // Decoded a line at a time: a character may be cut between two chunks, but not between two lines.
      if (this.#pendingBytes > 0) lines.push(Buffer.concat(this.#pending).toString('utf8'));
      this.#pending = [];
      this.#pendingBytes = 0;
      start = end + 1;
    }
    return this.#keep(chunk.subarray(start)) ? lines : 'tooLong';
  }

  #keep(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    return this.#pendingBytes <= this.#longest;
  }
}
