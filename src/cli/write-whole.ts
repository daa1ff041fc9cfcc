/** Writes a text or bytes to a standard stream completely, or returns why that is impossible. */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two attempts to write to a full pipe that another process, which shares it, made non-blocking. */
const FULL_PIPE_MS = 10;

/**
 * Writes all of it. write(2) may accept only a part, as on a disk that is nearly full, and Node's own streams ignore
 * that. Waits for the reader of a pipe without a bound. Returns undefined, or the error of the system, such as
 * `ENOSPC: no space left on device`; a part may have been written in that case.
 */
export async function writeWhole(fd: number, output: string | Uint8Array): Promise<string | undefined> {
  const bytes = typeof output === 'string' ? Buffer.from(output) : output;
  for (let from = 0; from < bytes.length;) {
    try {
      from += writeSync(fd, bytes, from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return reasonOf(error);
      await sleep(FULL_PIPE_MS);
    }
  }
  return undefined;
}

/** Node says `ENOSPC: no space left on device, write`. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/, write$/, '');
}
