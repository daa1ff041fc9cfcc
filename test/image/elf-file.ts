/** Reads what an ELF file says about itself, as in elf(5). Little-endian files of 64 bits; others have no machine that is wanted here. */
import { closeSync, openSync, readSync } from 'node:fs';

const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const HEADER_BYTES = 64;
const CLASS = { at: 4, bits64: 2 };
const DATA = { at: 5, littleEndian: 1 };
const MACHINE_AT = 18;
const PROGRAM_HEADERS = { at: 32, sizeAt: 54, countAt: 56 };
/** PT_INTERP: a program that the kernel starts by a loader, so one that is not static. */
const PT_INTERP = 3;

/** EM_X86_64 and EM_AARCH64, by the names that images have for them. */
const MACHINES: Readonly<Record<number, string>> = { 62: 'amd64', 183: 'arm64' };

export interface ElfFile {
  /** The architecture, or a text that says what the file is for instead. */
  readonly architecture: string;
  /** Whether the file needs a loader (PT_INTERP). */
  readonly needsLoader: boolean;
}

/** Returns undefined for a file that is not ELF. */
export function readElf(file: string): ElfFile | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const header = read(descriptor, 0, HEADER_BYTES);
    if (!header.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    const [bits, order] = [header[CLASS.at], header[DATA.at]];
    if (bits !== CLASS.bits64 || order !== DATA.littleEndian)
      return { architecture: `class ${bits}, byte order ${order}`, needsLoader: false };
    const machine = header.readUInt16LE(MACHINE_AT);
    const size = header.readUInt16LE(PROGRAM_HEADERS.sizeAt);
    const table = read(
      descriptor,
      Number(header.readBigUInt64LE(PROGRAM_HEADERS.at)),
      size * header.readUInt16LE(PROGRAM_HEADERS.countAt),
    );
    const types = Array.from({ length: table.length / size }, (_, at) => table.readUInt32LE(at * size));
    return { architecture: MACHINES[machine] ?? `machine ${machine}`, needsLoader: types.includes(PT_INTERP) };
  } finally {
    closeSync(descriptor);
  }
}

function read(descriptor: number, at: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  return buffer.subarray(0, readSync(descriptor, buffer, 0, bytes, at));
}
