/** Finds the processes that a search and the filters ask for. Pure. */
import type { PageData } from './page-data.js';

/** Values of the filters that are not names of something in the capture. */
export const ANY = 'any';
export const UNUSUAL = 'unusual';

export interface Wanted {
  /** Words that must all occur. */
  readonly search: string;
  /** Each is a value, or {@link ANY}. */
  readonly state: string;
  readonly group: string;
  readonly user: string;
  readonly mark: string;
}

export const EVERYTHING: Wanted = { search: '', state: ANY, group: ANY, user: ANY, mark: ANY };

/** The text of each process that a search looks in, in small letters. Made once. */
export function searchTexts({ processes }: Pick<PageData, 'processes'>): string[] {
  return processes.map(({ pid, nsPids, comm, exe = '', cmdline = '', threads }) => {
    let text = `${pid} ${nsPids.join(' ')} ${comm} ${exe} ${cmdline}`;
    for (const [, name] of threads) if (name !== comm) text += ` ${name}`;
    return text.toLowerCase();
  });
}

/** Undefined when everything is wanted. Otherwise 1 for each process that matches. */
export function findMatches(data: PageData, texts: readonly string[], wanted: Wanted): Uint8Array | undefined {
  const words = wanted.search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const { state, group, user, mark } = wanted;
  if (words.length === 0 && [state, group, user, mark].every((each) => each === ANY)) return undefined;
  const marks = new Set(
    [...data.marks.entries()]
      .filter(([, { kind, unusual }]) => (mark === UNUSUAL ? unusual : kind === mark))
      .map(([index]) => index),
  );
  const matches = new Uint8Array(data.processes.length);
  data.processes.forEach((process, index) => {
    const isWanted =
      (state === ANY || process.state === state) &&
      (group === ANY || String(process.group) === group) &&
      (user === ANY || process.user === user) &&
      (mark === ANY || process.marks.some((each) => marks.has(each))) &&
      words.every((word) => texts[index]?.includes(word) === true);
    matches[index] = isWanted ? 1 : 0;
  });
  return matches;
}

/** The text of the line below the filters. */
export function describeMatches(matches: Uint8Array | undefined, all: number): string {
  const total = `${all.toLocaleString('en')} ${all === 1 ? 'process' : 'processes'}`;
  if (matches === undefined) return total;
  const found = matches.reduce((sum, each) => sum + each, 0);
  if (found === 0) return `None of ${total} matches. Clear the filters to see all.`;
  return `${found.toLocaleString('en')} of ${total} ${found === 1 ? 'matches' : 'match'}`;
}
