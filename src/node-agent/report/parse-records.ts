/** The raw records of a capture as maps by look, file and id. Pure. */
import { eachRecord, type RawFile, type RawLook, type RawRecords } from '../capture/raw-arena.js';
import { parseStatus, type ProcStatus } from '../pure/proc-status.js';
import { digestStatus, type StatusDigest } from '../pure/status-digest.js';

type Texts = Map<RawFile, Map<number, string>>;

export interface ParsedRecords {
  readonly texts: Readonly<Record<RawLook, ReadonlyMap<RawFile, ReadonlyMap<number, string>>>>;
  /** The statuses are parsed at once, because otherwise 10,000 texts of 1.4 kB would have to be kept. */
  readonly statuses: Readonly<Record<RawLook, ReadonlyMap<number, ProcStatus>>>;
  /** Digests of the statuses that were read while the tasks stood still, by tid. */
  readonly digests: ReadonlyMap<number, StatusDigest>;
}

/**
 * Parses all records. Of the records with the same look, file and id, the last one counts. File names may contain any byte; bytes
 * that are not UTF-8 are replaced.
 */
export function parseRecords(...all: readonly RawRecords[]): ParsedRecords {
  const decoder = new TextDecoder();
  const texts: Record<RawLook, Texts> = { first: new Map(), held: new Map(), after: new Map() };
  const statuses = {
    first: new Map<number, ProcStatus>(),
    held: new Map<number, ProcStatus>(),
    after: new Map<number, ProcStatus>(),
  };
  const digests = new Map<number, StatusDigest>();
  for (const records of all) {
    for (const { look, file, id, bytes } of eachRecord(records)) {
      if (file === 'status') {
        const parsed = parseStatus(decoder.decode(bytes));
        if (parsed.ok) statuses[look].set(id, parsed.value);
        const digest = look === 'held' ? digestStatus(bytes) : undefined;
        if (digest !== undefined) digests.set(id, digest);
        continue;
      }
      const ofFile = texts[look].get(file) ?? new Map<number, string>();
      texts[look].set(file, ofFile.set(id, decoder.decode(bytes)));
    }
  }
  return { texts, statuses, digests };
}
