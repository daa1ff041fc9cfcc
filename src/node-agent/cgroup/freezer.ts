/**
 * The two freezers of Linux, behind one interface.
 *
 * v1: kernel document cgroup-v1/freezer-subsystem.rst. v2: cgroup-v2.rst, `cgroup.freeze` and `cgroup.events`.
 */
import { EIO, isGone } from '../../native/errno.js';
import type { KernelFiles } from '../../native/kernel.js';
import { parseCgroupEvents, saysFrozen } from '../pure/cgroup-events.js';
import { parseFreezerState, type FreezerState } from '../pure/freezer-state.js';

export { FREEZER_WINDOW_MICROSECONDS } from '../pure/board-view.js';

/** The freezer of one cgroup. Its files are opened once, so that nothing is looked up by path while the freezer is closed. */
export interface Freezer {
  readonly version: 'v1' | 'v2';
  /** A descriptor that is open for writing. The main thread thaws through this descriptor too. */
  readonly controlFd: number;
  /**
   * The fact, not the request: FROZEN only when the kernel says that every task is frozen. Returns -errno when the state cannot
   * be read.
   */
  state(): FreezerState | number;
  /** Asks for FROZEN. Returns 0 or -errno, before the tasks are frozen. */
  freeze(): number;
  /** Asks for THAWED. Returns 0 or -errno. */
  thaw(): number;
  /** Whether this cgroup itself, not an ancestor, is asked to be frozen. */
  selfFreezing(): boolean | number;
  /** Waits until the state changes, but no longer than `microseconds`. v1 has no event, so there the wait is a plain sleep. */
  waitForChange(microseconds: number): void;
  close(): void;
}

/** The word that opens a freezer. The main thread and the tracing thread write the same word. */
export const THAW_WORD = { v1: 'THAWED', v2: '0' } as const;
const FREEZE_WORD = { v1: 'FROZEN', v2: '1' } as const;

/** Opens the freezer of a cgroup directory, or returns -errno. */
export function openFreezer(
  files: KernelFiles,
  sleep: (microseconds: number) => void,
  directory: string,
  version: 'v1' | 'v2',
): Freezer | number {
  return version === 'v1' ? openV1(files, sleep, directory) : openV2(files, directory);
}

function openV1(files: KernelFiles, sleep: (microseconds: number) => void, directory: string): Freezer | number {
  const opened = openAll(files, [
    [`${directory}/freezer.state`, 'read'],
    [`${directory}/freezer.state`, 'write'],
    [`${directory}/freezer.self_freezing`, 'read'],
  ]);
  if (typeof opened === 'number') return opened;
  const [stateFd = -1, controlFd = -1, selfFd = -1] = opened;
  const text = textReader(files);
  return {
    version: 'v1',
    controlFd,
    state: () => {
      const read = text(stateFd);
      if (typeof read === 'number') return read;
      const state = parseFreezerState(read);
      return state.ok ? state.value : -EIO;
    },
    freeze: () => written(files.write(controlFd, FREEZE_WORD.v1)),
    thaw: () => written(files.write(controlFd, THAW_WORD.v1)),
    selfFreezing: () => flag(text(selfFd)),
    waitForChange: sleep,
    close: () => closeAll(files, opened),
  };
}

function openV2(files: KernelFiles, directory: string): Freezer | number {
  const opened = openAll(files, [
    [`${directory}/cgroup.events`, 'read'],
    [`${directory}/cgroup.freeze`, 'read'],
    [`${directory}/cgroup.freeze`, 'write'],
  ]);
  if (typeof opened === 'number') return opened;
  const [eventsFd = -1, requestFd = -1, controlFd = -1] = opened;
  const text = textReader(files);
  const selfFreezing = (): boolean | number => flag(text(requestFd));
  return {
    version: 'v2',
    controlFd,
    state: () => {
      const read = text(eventsFd);
      if (typeof read === 'number') return read;
      if (saysFrozen(read)) return 'FROZEN';
      const events = parseCgroupEvents(read);
      if (!events.ok) return -EIO;
      const self = selfFreezing();
      return typeof self === 'number' ? self : self ? 'FREEZING' : 'THAWED';
    },
    freeze: () => written(files.write(controlFd, FREEZE_WORD.v2)),
    thaw: () => written(files.write(controlFd, THAW_WORD.v2)),
    selfFreezing,
    // Reading cgroup.events in state() re-arms the notification (kernfs). The kernel sends at most one notification per file in
    // 10 ms, so the time limit matters as much as the event.
    waitForChange: (microseconds) => void files.pollEvent(eventsFd, microseconds),
    close: () => closeAll(files, opened),
  };
}

function openAll(files: KernelFiles, wanted: readonly (readonly [string, 'read' | 'write'])[]): number[] | number {
  const fds: number[] = [];
  try {
    for (const [path, access] of wanted) {
      const fd = files.open(path, access);
      if (fd < 0) return fd;
      fds.push(fd);
    }
    return fds;
  } finally {
    if (fds.length < wanted.length) closeAll(files, fds);
  }
}

/** Closes every descriptor, even when closing one of them throws. */
function closeAll(files: KernelFiles, fds: readonly number[]): void {
  const [first, ...others] = fds;
  if (first === undefined) return;
  try {
    files.close(first);
  } finally {
    closeAll(files, others);
  }
}

/** The files contain ASCII, and are so short that starting a decoder would not pay. */
function textReader(files: KernelFiles): (fd: number) => string | number {
  const buffer = Buffer.alloc(256);
  return (fd) => {
    const length = files.pread(fd, buffer, 0);
    return length < 0 ? length : buffer.toString('latin1', 0, length);
  };
}

function flag(text: string | number): boolean | number {
  return typeof text === 'number' ? text : text.trim() === '1';
}

function written(result: number): number {
  return result < 0 ? result : 0;
}

/**
 * Opens a freezer again and proves it: returns true when this cgroup is no longer asked to be frozen, or is gone. An ancestor's
 * freezer may still keep the cgroup FROZEN; that freezer is not ours. `afterWrite` is called between a write and its proof.
 */
export function thawAndVerify(
  freezer: Freezer,
  attempts: number,
  sleep: (microseconds: number) => void,
  afterWrite: () => void = () => undefined,
): boolean {
  for (let attempt = 0; attempt < attempts; attempt++) {
    freezer.thaw();
    afterWrite();
    const self = freezer.selfFreezing();
    if (self === false || (typeof self === 'number' && isGone(self))) return true;
    sleep(200 * (attempt + 1));
  }
  return false;
}

/** Whether a freezer file of one digit, such as freezer.self_freezing or cgroup.freeze, says 1. False when the file cannot be read. */
export function readFlag(files: KernelFiles, path: string): boolean {
  const text = new Uint8Array(8);
  return files.readInto(path, text) > 0 && text[0] === '1'.charCodeAt(0);
}
