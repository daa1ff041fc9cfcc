/** The text of the links /proc/PID/ns/*: namespaces(7). Pure. */
import { decimal } from './decimal.js';
import { unreadable, type Parsed } from './parse-error.js';

export interface NamespaceLink {
  /** The type, such as `mnt`, `net`, `pid`. The link `pid_for_children` has the text of a `pid` namespace. */
  readonly type: string;
  /** Inode number in nsfs. Equal numbers mean the same namespace. */
  readonly inode: number;
}

/** Parses the text that readlink(2) returns, such as `mnt:[4026531840]`. */
export function parseNsLink(text: string): Parsed<NamespaceLink> {
  const match = /^([a-z][a-z_]*):\[([0-9]+)\]$/.exec(text);
  const [type, digits] = [match?.[1], match?.[2]];
  const inode = decimal(digits ?? '');
  if (type === undefined || inode === -1 || text.endsWith('\n')) return unreadable('/proc/PID/ns', 1, text);
  return { ok: true, value: { type, inode } };
}
