/** The few looks at procfs and cgroupfs that resolving takes. All happen before anything is frozen. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Content, or the name of the errno, such as `ENOENT`. */
export type FileResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string };

/** Whole content of a kernel file as bytes. */
export function readBytes(path: string): FileResult<Uint8Array> {
  return attempt(() => readFileSync(path));
}

/** Whole content of a kernel file as text; bytes that are not UTF-8 become U+FFFD. */
export function readText(path: string): FileResult<string> {
  return attempt(() => readFileSync(path, 'utf8'));
}

/** The text of a link, which is never followed. */
export function readLink(path: string): FileResult<string> {
  return attempt(() => readlinkSync(path));
}

/** Names of the real sub-directories, in order; symbolic links are not among them. */
export function listDirectories(path: string): FileResult<string[]> {
  return attempt(() =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort(),
  );
}

/** What stands at a path itself: a link is a link, not its target. */
export function kindOf(path: string): FileResult<'directory' | 'link' | 'other'> {
  return attempt(() => {
    const stat = lstatSync(path);
    return stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'link' : 'other';
  });
}

/** Whether a file of that name stands there, whatever it is. */
export function exists(path: string): boolean {
  return kindOf(path).ok;
}

/** Whether the errno says that a task or a cgroup is no more; ENODEV: removed while its file was open (kernfs). */
export function isGoneCode(code: string): boolean {
  return code === 'ENOENT' || code === 'ESRCH' || code === 'ENODEV';
}

/** System errors, which carry a code, become values; anything else is a defect and goes on up. */
function attempt<T>(look: () => T): FileResult<T> {
  try {
    return { ok: true, value: look() };
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (typeof code === 'string') return { ok: false, code };
    throw error;
  }
}
