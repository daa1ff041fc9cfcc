/** The errno values on which code decides. They are the same on x86-64 and arm64 (asm-generic/errno.h). Pure. */
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const ECHILD = 10;
export const EBUSY = 16;
export const ENODEV = 19;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const EPROTO = 71;
export const EMSGSIZE = 90;
export const EOPNOTSUPP = 95;
export const ECONNRESET = 104;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const EALREADY = 114;

/**
 * Whether a result says that a task or a cgroup no longer exists. This is not an error: a task that ends while we look is
 * recorded as gone. kernfs returns ENODEV for a cgroup that was removed while its file was open.
 */
export function isGone(result: number): boolean {
  return result === -ESRCH || result === -ENOENT || result === -ENODEV;
}
