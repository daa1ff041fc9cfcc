import type { Libc } from './libc.js';

/** signal(7): the same number on x86-64 and arm64. */
const SIGCHLD = 17;
const SA_NOCLDSTOP = 0x1;
/** struct sigaction of glibc and musl where pointers are 64 bits wide: the handler, 128 bytes of mask, an int of flags, the restorer. */
const SIGACTION_SIZE = 152;
const FLAGS = 136;
/** SIG_DFL is 0, SIG_IGN is 1, and a larger number is the address of a handler. */
const SIG_IGN = 1n;

/**
 * Stops the kernel from sending SIGCHLD to this process for each stop of a tracee. Threads that wait for a tracee are still
 * woken, and the end of a child is still signalled (sigaction(2), SA_NOCLDSTOP). Node handles SIGCHLD as long as it has a child,
 * such as the guard of the command. On v2, where each task stops by itself, this handling on the main thread delayed the seizing
 * thread by 8 µs per task. Without a child nobody handles SIGCHLD, and this function does nothing. Its effect lasts until Node
 * handles the signal anew, so it is called before each capture.
 *
 * Node may lose its last child between the two calls of sigaction(2). Its handler is then installed again with nothing to do,
 * which is harmless.
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
