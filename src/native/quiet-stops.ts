import type { Libc } from './libc.js';

/** signal(7): the same number on x86-64 and arm64. */
const SIGCHLD = 17;
const SA_NOCLDSTOP = 0x1;
/** struct sigaction of glibc and musl where pointers are 64 bits wide: the handler, 128 bytes of mask, an int of flags, the restorer. */
const SIGACTION_SIZE = 152;
const FLAGS = 136;
/** SIG_DFL is 0; what is above is a function. */
const SIG_IGN = 1n;

/**
 * Keeps the stops of tracees from being signalled to this process; those who wait for them are woken all the same, and the end of a
 * child still is (sigaction(2), SA_NOCLDSTOP). Node handles SIGCHLD as long as it has a child, such as the guard of the command: on v2,
 * where each task stops by itself, its main thread then took 8 µs a task from the one that seizes. Without a child nobody
 * handles it, and nothing is done here. Holds until Node handles the signal anew, so it is called before each capture.
 *
 * Between the two calls Node may lose its last child. Its handler is then put back with nothing to do, and does nothing.
 */
export function quietStops(libc: Libc): void {
  const action = new Uint8Array(SIGACTION_SIZE);
  if (libc.sigaction(SIGCHLD, null, action) < 0) return;
  const view = new DataView(action.buffer);
  const flags = view.getUint32(FLAGS, true);
  const isHandled = view.getBigUint64(0, true) > SIG_IGN;
  if (!isHandled || (flags & SA_NOCLDSTOP) !== 0) return;
  view.setUint32(FLAGS, flags | SA_NOCLDSTOP, true);
  libc.sigaction(SIGCHLD, action, null);
}
