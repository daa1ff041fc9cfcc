/** /proc/TID/stack: proc_pid_stack(5). Pure. */

/** Number of frames that are kept, the innermost first: the wait and its caller are in the first dozen. */
const MAX_FRAMES = 16;
const MAX_FRAME_LENGTH = 100;

/** The functions on the kernel's stack of a task, without addresses and offsets. Empty where the kernel shows none. */
export function parseStack(text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line) => /^\[<[0-9a-f]+>\] ([^+ ]+)/.exec(line)?.[1] ?? [])
    .slice(0, MAX_FRAMES)
    .map((name) => name.slice(0, MAX_FRAME_LENGTH));
}
