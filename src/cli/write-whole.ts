/** Writing to a standard stream until all of it is written, or it is known that it cannot be. */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two tries on a pipe that is full and was made non-blocking by somebody who shares it. */
const FULL_PIPE_MS = 10;

/**
 * Writes all of it: write(2) may take a part, as on a disk that is just getting full, and streams of Node pass over that.
 * Waits for as long as the reader of a pipe takes. Returns what the system says where it cannot be written, such as
 * `ENOSPC: no space left on device`; a part may be written then.
 */
export async function writeWhole(fd: number, text: string): Promise<string | undefined> {
  const bytes = Buffer.from(text);
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
