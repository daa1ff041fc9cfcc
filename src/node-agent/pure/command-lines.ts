/** Turns the bytes of command lines into the fields of the report, with a mark for everything that is missing. Pure. */
import type { CmdlineCounts, CmdlineUnread, CommandLine } from '../../api/podcapture.js';
import { fairCap } from './fair-cap.js';

/**
 * The largest number of arguments, for all command lines of a capture together. 8 MiB of NUL bytes would be 8 million
 * arguments, and the YAML output takes about 600 bytes of memory per argument.
 */
export const MAX_ARGUMENTS = 131_072;

/** The reader's answer about one process. */
export type RawCommandLine =
  | {
      /** The bytes that were read. */
      readonly base64: string;
      /** The length of the whole command line. */
      readonly lengthBytes: number;
    }
  | { readonly unread: CmdlineUnread };

/** Command lines by PID. */
export type CommandLines = ReadonlyMap<number, CommandLine>;

const NUL = 0;

/** Splits, decodes and marks each command line. All of them together keep at most {@link MAX_ARGUMENTS} arguments. */
export function commandLines(found: ReadonlyMap<number, RawCommandLine>): CommandLines {
  const bytes = new Map<number, Buffer>();
  for (const [pid, raw] of found) if ('base64' in raw) bytes.set(pid, Buffer.from(raw.base64, 'base64'));
  const cap = fairCap([...bytes.values()].map(countArguments), MAX_ARGUMENTS);
  const lines = new Map<number, CommandLine>();
  for (const [pid, raw] of found) {
    const read = bytes.get(pid);
    if ('unread' in raw) lines.set(pid, { cmdlineUnread: raw.unread });
    else if (read !== undefined) lines.set(pid, commandLine(firstArguments(read, cap), raw.lengthBytes));
  }
  return lines;
}

/** Counts the command lines that are whole, cut, and missing, the latter by reason. */
export function countCommandLines(lines: CommandLines): CmdlineCounts {
  const unread: Partial<Record<CmdlineUnread, number>> = {};
  let [whole, cut] = [0, 0];
  for (const { cmdlineCut, cmdlineUnread } of lines.values()) {
    if (cmdlineUnread !== undefined) unread[cmdlineUnread] = (unread[cmdlineUnread] ?? 0) + 1;
    else if (cmdlineCut === undefined) whole += 1;
    else cut += 1;
  }
  return { whole, cut, unread };
}

function commandLine(bytes: Buffer, lengthBytes: number): CommandLine {
  const isCut = bytes.length < lengthBytes;
  const { text, isUtf8 } = decode(bytes, isCut);
  return {
    cmdline: text === '' ? [] : text.replace(/\0$/, '').split('\0'),
    ...(isCut ? { cmdlineCut: { keptBytes: bytes.length, lengthBytes } } : {}),
    ...(isUtf8 ? {} : { cmdlineBase64: bytes.toString('base64') }),
  };
}

function decode(bytes: Buffer, isCut: boolean): { readonly text: string; readonly isUtf8: boolean } {
  try {
    // `stream` leaves out a character that was cut in the middle. Without it, that character would count as not UTF-8.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
    return { text, isUtf8: true };
  } catch {
    return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), isUtf8: false };
  }
}

/** Every argument ends with NUL, except the last one of a title that was written over the arguments. */
function countArguments(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === NUL) count += 1;
  return bytes.length === 0 || bytes.at(-1) === NUL ? count : count + 1;
}

function firstArguments(bytes: Buffer, most: number): Buffer {
  let count = 0;
  for (const [at, byte] of bytes.entries()) {
    if (byte === NUL) count += 1;
    if (count >= most) return bytes.subarray(0, at + 1);
  }
  return bytes;
}
