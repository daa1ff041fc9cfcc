/** Walks a cgroup and every cgroup below it, with any reader of files. Pure except for the functions that are passed in. */
import { EINTR, EIO, isGone } from '../../native/errno.js';

/** How the files of a cgroup are read. Failures are -errno. */
export interface NestReader {
  /** The tids in this cgroup itself. */
  tids(directory: string): number[] | number;
  /** Names of the cgroups directly below, in the text form of {@link ../../native/path-text.ts}. */
  directories(directory: string): readonly string[] | number;
}

/** A cgroup of the nest, and the tids in it. */
export interface CgroupTasks {
  readonly directory: string;
  readonly tids: readonly number[];
}

/** Number of cgroups between two calls of `isOver`. Reading one cgroup takes 20 to 40 µs. */
const LOOK_EVERY = 32;
/**
 * Number of times that one cgroup may be listed by its parent and still not open. More means that somebody makes and removes it
 * all the time.
 */
const MAX_ATTEMPTS = 100;

/**
 * Lists the target first, and parents before their children. No cgroup below the target is skipped: a cgroup that cannot be
 * opened counts as gone only when its parent no longer lists it, and any other error ends the walk. So no name, no depth and no
 * lack of descriptors hides a task. Returns the -errno of a cgroup that could not be read, also when the target itself is gone,
 * and -EINTR when `isOver` returned true.
 */
export function walkNest(
  reader: NestReader,
  directory: string,
  isOver: () => boolean = () => false,
): CgroupTasks[] | number {
  const found: CgroupTasks[] = [];
  const pending = [{ directory, parent: '', attempts: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (found.length % LOOK_EVERY === LOOK_EVERY - 1 && isOver()) return -EINTR;
    const read = readOne(reader, next.directory);
    if (typeof read !== 'number') {
      found.push({ directory: next.directory, tids: read.tids });
      for (const name of read.below)
        pending.push({ directory: `${next.directory}/${name}`, parent: next.directory, attempts: 0 });
      continue;
    }
    if (next.parent === '' || !isGone(read)) return read;
    const listed = isListed(reader, next.parent, next.directory);
    if (typeof listed === 'number') return listed;
    if (!listed) continue;
    if (next.attempts === MAX_ATTEMPTS) return -EIO;
    pending.push({ ...next, attempts: next.attempts + 1 });
  }
  return found;
}

function readOne(
  reader: NestReader,
  directory: string,
): { readonly tids: readonly number[]; readonly below: readonly string[] } | number {
  const tids = reader.tids(directory);
  if (typeof tids === 'number') return tids;
  const below = reader.directories(directory);
  return typeof below === 'number' ? below : { tids, below };
}

/** Whether the parent still lists the cgroup. False when the parent is gone as well. */
function isListed(reader: NestReader, parent: string, directory: string): boolean | number {
  const names = reader.directories(parent);
  if (typeof names === 'number') return isGone(names) ? false : names;
  return names.includes(directory.slice(parent.length + 1));
}
