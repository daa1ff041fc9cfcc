/**
 * Writes to the standard error without waiting for its reader for longer than a moment. A full pipe or a stopped terminal would keep
 * the whole process from going on, and a pod is held meanwhile.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const STDERR = 2;
/** How long the first text waits for a reader that does not read. Later ones do not wait until it reads again. */
const PATIENCE_MILLISECONDS = 500;
const STEP_MILLISECONDS = 10;

/** The result writes one text. What cannot be written is dropped. */
export function unhinderedErrors(): (fd: number, text: string | Uint8Array) => Promise<undefined> {
  const own = reopen();
  let isStuck = false;
  return async (_fd, text) => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    for (let [from, waited] = [0, 0]; from < bytes.length;) {
      try {
        from += writeSync(own, bytes, from);
        isStuck = false;
      } catch (error) {
        isStuck ||= waited >= PATIENCE_MILLISECONDS;
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || isStuck) return undefined;
        waited += STEP_MILLISECONDS;
        await sleep(STEP_MILLISECONDS);
      }
    }
    return undefined;
  };
}

/**
 * Opens the pipe or terminal anew, so that it can be non-blocking here and stays as it is for the command that shares it. Linux does
 * that by the name in /proc. A file never keeps anybody waiting, and would lose its offset. A socket cannot be opened, and is
 * written as it is; so is everything on other systems.
 */
function reopen(): number {
  try {
    const stat = fstatSync(STDERR);
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return STDERR;
    return openSync(`/proc/self/fd/${STDERR}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return STDERR;
  }
}
