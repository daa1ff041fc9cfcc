/** Splits chunks of bytes into lines, wherever the chunks were cut. */

const NEWLINE = 0x0a;

/** Buffers the beginning of an unfinished line. */
export class LineSplitter {
  readonly #longest: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /** `longest` is the longest accepted line in bytes, without the newline. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Number of buffered bytes of the unfinished line. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Returns the lines that end in this chunk, without empty lines, or 'tooLong' once a line exceeds the bound. */
  push(chunk: Uint8Array): string[] | 'tooLong' {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (!this.#keep(chunk.subarray(start, end))) return 'tooLong';
      // A line is decoded as a whole: a character may be cut between two chunks, but not between two lines.
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
