/** Reads a file or the standard input, which may be anything. */
import { createReadStream } from 'node:fs';

/** An artifact of 100,000 processes takes about 100 MB. */
const MAX_INPUT_BYTES = 256 << 20;

export type Input =
  | { readonly ok: true; readonly text: string }
  /** The message is one line. */
  | { readonly ok: false; readonly message: string };

/** Reads all of it as UTF-8. `-` is the standard input, which may be a terminal or a non-blocking pipe. */
export async function readInput(file: string): Promise<Input> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    const stream = file === '-' ? process.stdin : createReadStream(file);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_INPUT_BYTES) return { ok: false, message: `${file} has more than ${MAX_INPUT_BYTES >> 20} MiB` };
    }
  } catch (error) {
    return { ok: false, message: `cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}` };
  }
  return { ok: true, text: Buffer.concat(chunks).toString() };
}
