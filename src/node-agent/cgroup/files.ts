/** Reads procfs and cgroupfs by path, while the pod runs. The resolver and `stasis doctor` use these functions. */
import { closeSync, constants, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { ENAMETOOLONG, isGone } from '../../native/errno.js';
import { useLongPath } from '../../native/long-path.js';
import { hasEscapes, pathBytes, pathText } from '../../native/path-text.js';
import { parseTaskList } from '../pure/task-list.js';

/** open(2): the same number on x86-64 and arm64. Node does not export it. */
const O_PATH = 0x200000;

/** The content, or the errno and its name, such as 2 and `ENOENT`. */
export type FileResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string; readonly errno: number };

/** Whole content of a kernel file as bytes. */
export function readBytes(path: string): FileResult<Uint8Array> {
  return attempt(path, (at) => readFileSync(at));
}

/** Whole content of a kernel file as text; bytes that are not UTF-8 become U+FFFD. */
export function readText(path: string): FileResult<string> {
  return attempt(path, (at) => readFileSync(at, 'utf8'));
}

/** Reads a whole kernel file that contains names, in the form of {@link pathText}. */
export function readNames(path: string): FileResult<string> {
  return attempt(path, (at) => pathText(readFileSync(at)));
}

/** The text of a link. The link is never followed. */
export function readLink(path: string): FileResult<string> {
  return attempt(path, (at) => pathText(readlinkSync(at, 'buffer')));
}

/** Names of the real sub-directories, in order, without symbolic links. A name may contain any byte ({@link pathText}). */
export function listDirectories(path: string): FileResult<string[]> {
  return attempt(path, (at) =>
    readdirSync(at, { withFileTypes: true, encoding: 'buffer' })
      .filter((entry) => entry.isDirectory())
      .map((entry) => pathText(entry.name))
      .sort(),
  );
}

/** The ids in a list such as `cgroup.threads`, or -errno. */
export function readIds(path: string): number[] | number {
  const list = readBytes(path);
  if (!list.ok) return -list.errno;
  const ids: number[] = [];
  parseTaskList(list.value, list.value.length, ids);
  return ids;
}

/** The kind of the file at a path. A link is not followed and counts as a link. */
export function kindOf(path: string): FileResult<'directory' | 'link' | 'other'> {
  return attempt(path, (at) => {
    const stat = lstatSync(at);
    return stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'link' : 'other';
  });
}

/** Device and inode of the file at a path. A link is followed. */
export function identityAt(path: string): FileResult<{ readonly inode: bigint; readonly device: bigint }> {
  return attempt(path, (at) => {
    const { ino: inode, dev: device } = statSync(at, { bigint: true });
    return { inode, device };
  });
}

/** Whether a file of any kind exists at the path. A link is not followed. */
export function exists(path: string): boolean {
  return kindOf(path).ok;
}

/** Whether the failure says that a task or a cgroup no longer exists. */
export function saysGone(failed: { readonly errno: number }): boolean {
  return isGone(-failed.errno);
}

/** System errors become values. Any other error is a defect and is thrown. */
function attempt<T>(path: string, look: (path: string | Buffer) => T): FileResult<T> {
  const result = orError(() => look(asNodeTakesIt(path)));
  if (result.ok || result.errno !== ENAMETOOLONG) return result;
  const reached = useLongPath(path, DIRECTORY_CALLS, (short) => orError(() => look(asNodeTakesIt(short))));
  return typeof reached === 'number' ? result : reached;
}

const DIRECTORY_CALLS = {
  open: (path: string): number => {
    const opened = orError(() => openSync(asNodeTakesIt(path), O_PATH | constants.O_DIRECTORY));
    return opened.ok ? opened.value : -opened.errno;
  },
  close: (fd: number): void => closeSync(fd),
};

/** Node encodes text as UTF-8, which cannot express an escaped byte. */
function asNodeTakesIt(path: string): string | Buffer {
  return hasEscapes(path) ? Buffer.from(pathBytes(path)) : path;
}

function orError<T>(look: () => T): FileResult<T> {
  try {
    return { ok: true, value: look() };
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    if (typeof code === 'string' && typeof errno === 'number') return { ok: false, code, errno: -errno };
    throw error;
  }
}
