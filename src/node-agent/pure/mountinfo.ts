/** /proc/PID/mountinfo: proc_pid_mountinfo(5). Pure. */
import { cut, unreadable, type Parsed } from './parse-error.js';

const FILE = '/proc/PID/mountinfo';

export interface Mount {
  /** Path relative to the process's root directory, without symbolic links. */
  readonly mountPoint: string;
  /**
   * The directory of the file system that is mounted there. For a cgroup mount, this path is relative to the reader's cgroup
   * namespace: `/..` and so on when the mount shows more than the namespace does (cgroup_namespaces(7)).
   */
  readonly root: string;
  readonly fsType: string;
  readonly superOptions: readonly string[];
}

/** Parses the file into one row per mount, in the order of mounting. */
export function parseMountinfo(text: string): Parsed<readonly Mount[]> {
  if (text === '') return { ok: true, value: [] };
  if (!text.endsWith('\n')) return cut(FILE, text);
  const mounts: Mount[] = [];
  const lines = text.slice(0, -1).split('\n');
  for (const [index, line] of lines.entries()) {
    const mount = parseLine(line);
    if (mount === undefined) return unreadable(FILE, index + 1, line);
    mounts.push(mount);
  }
  return { ok: true, value: mounts };
}

/** `id parent major:minor root mount-point options [optional fields…] - type source super-options`. */
function parseLine(line: string): Mount | undefined {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  const [root, mountPoint] = [fields[3], fields[4]];
  const [fsType, source, superOptions] = fields.slice(separator + 1);
  if (separator === -1 || root === undefined || mountPoint === undefined) return undefined;
  if (fsType === undefined || fsType === '' || source === undefined || superOptions === undefined) return undefined;
  if (!mountPoint.startsWith('/')) return undefined;
  return {
    mountPoint: unescapeOctal(mountPoint),
    root: unescapeOctal(root),
    fsType: unescapeOctal(fsType),
    superOptions: superOptions.split(',').map(unescapeOctal),
  };
}

/** Space, tab, newline, backslash and `#` are printed as `\` and three octal digits. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([01][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Whether `path` is `directory` or lies below it. Both are absolute, without `.`, `..` or a trailing slash. */
export function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

/**
 * The mount on which an absolute path without symbolic links lies: the mount with the longest mount point, and of equal ones the
 * last.
 */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    if (!isAtOrBelow(path, mount.mountPoint)) continue;
    if (best === undefined || mount.mountPoint.length >= best.mountPoint.length) best = mount;
  }
  return best;
}
