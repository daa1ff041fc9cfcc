/** The arguments of this process with all their bytes. Pure. */
import { pathText } from '../native/path-text.js';

/** Node decodes arguments as UTF-8 and puts this character for other bytes. */
const REPLACEMENT = '\ufffd';
const NUL = 0;

/**
 * Returns `argv`, but in the text form of {@link ../native/path-text.ts} where an argument may have lost bytes: a cgroup's name may contain
 * any. `readCommandLine` reads /proc/self/cmdline, where each argument ends with a NUL (proc_pid_cmdline(5)); options of Node come first.
 */
export function rawArguments(argv: readonly string[], readCommandLine: () => Uint8Array): readonly string[] {
  if (!argv.some((argument) => argument.includes(REPLACEMENT))) return argv;
  const bytes = readCommandLine();
  const all: string[] = [];
  for (let from = 0, end = bytes.indexOf(NUL); end !== -1; from = end + 1, end = bytes.indexOf(NUL, from))
    all.push(pathText(bytes.subarray(from, end)));
  return all.length < argv.length ? argv : all.slice(-argv.length);
}
