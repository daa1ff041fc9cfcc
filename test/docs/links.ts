/** The links of a markdown file, and what is wrong with them. Pure. */
import { anchorsOf, proseOf } from './markdown.js';

export interface Link {
  readonly line: number;
  readonly target: string;
}

/** The files that links may lead to. */
export interface Tree {
  /** Paths from the root of the repository, of files and of folders. */
  readonly paths: ReadonlySet<string>;
  /** Returns the text of a file. */
  readonly read: (path: string) => string;
}

/** The repository as its readers on the web see it. */
export const PROJECT = 'https://github.com/stasis-dev/stasis';
/** Links that leave the repository: tests have no network, so only their form and their host are looked at. */
export const HOSTS = [
  'github.com',
  'keepachangelog.com',
  'semver.org',
  'kubernetes.io',
  'krew.sigs.k8s.io',
  'www.w3.org',
];
/** Pages of the project on the web that are no files. */
const PROJECT_PAGES = /^(\/(issues|security|releases|discussions)(\/.*)?)?$/;

const INLINE =
  /(?<!\\)\]\(\s*(?:<([^>\n]*)>|([^\s()]*(?:\([^\s()]*\)[^\s()]*)*))(?:\s+(?:"[^"]*"|'[^']*'|\([^)]*\)))?\s*\)/g;
const DEFINITION = /^ {0,3}\[([^\]^][^\]]*)\]:\s*(?:<([^>\n]*)>|(\S+))/gm;
const REFERENCE = /(?<!\\)\[([^[\]]+)\]\[([^[\]]*)\]/g;
const HTML = /<[a-z]\w*\b[^>]*?\b(?:href|src|srcset)=(?:"([^"]*)"|'([^']*)')/gi;
const BARE = /\bhttps?:\/\/[^\s<>()"'`|\]]+/g;

/** Lists all links: inline, images, by reference, in HTML, and bare addresses. */
export function linksOf(text: string): Link[] {
  const prose = proseOf(text);
  const lineAt = (index: number): number => prose.slice(0, index).split('\n').length;
  const links: Link[] = [];
  for (const pattern of [INLINE, DEFINITION, HTML])
    for (const match of prose.matchAll(pattern)) {
      // A span of code in a target has been blanked, and no target has one.
      const groups = pattern === DEFINITION ? match.slice(2) : match.slice(1);
      links.push({ line: lineAt(match.index), target: groups.find((group) => group !== undefined) ?? '' });
    }
  const seen = new Set(links.map(({ target }) => target));
  for (const { 0: url, index } of prose.matchAll(BARE)) {
    const target = url.replace(/[.,;:!?]+$/, '');
    if (![...seen].some((other) => other.startsWith(target))) links.push({ line: lineAt(index), target });
  }
  return links.toSorted((a, b) => a.line - b.line);
}

function normalName(name: string): string {
  return name.trim().replaceAll(/\s+/g, ' ').toLowerCase();
}

/** Lists the references of which the document has no definition. */
function undefinedReferences(text: string): { line: number; name: string }[] {
  const prose = proseOf(text);
  const defined = new Set([...prose.matchAll(DEFINITION)].map(([, name = '']) => normalName(name)));
  return [...prose.matchAll(REFERENCE)]
    .map((match) => ({ line: prose.slice(0, match.index).split('\n').length, name: match[2] || (match[1] ?? '') }))
    .filter(({ name }) => !defined.has(normalName(name)));
}

/** Lists what is wrong with the links of a document, as `PATH:LINE: TARGET: what is wrong`. */
export function brokenLinks(path: string, text: string, tree: Tree): string[] {
  const broken = linksOf(text).flatMap(({ line, target }) => {
    const fault = faultOf(target, path, tree);
    return fault === undefined ? [] : [`${path}:${line}: ${target}: ${fault}`];
  });
  const undefineds = undefinedReferences(text).map(
    ({ line, name }) => `${path}:${line}: [${name}]: no line defines this reference`,
  );
  return [...broken, ...undefineds];
}

/** Returns what is wrong with a link in the file `from`, or undefined. */
export function faultOf(target: string, from: string, tree: Tree): string | undefined {
  if (target === '') return 'the link is empty';
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return faultOfUrl(target, tree);
  if (target.startsWith('//')) return 'an address needs https:';
  if (target.startsWith('/')) return 'write the path from the file that has the link';
  const [file = '', anchor] = target.split('#');
  const decoded = unescaped(file);
  if (decoded === undefined) return 'the escapes with % are wrong';
  const path = decoded === '' ? from : joined(from.split('/').slice(0, -1), decoded);
  return path === undefined ? 'the path leaves the repository' : faultOfPath(path, anchor, tree);
}

/** Returns what is wrong with a path from the root of the repository and an anchor in that file. */
export function faultOfPath(path: string, anchor: string | undefined, tree: Tree): string | undefined {
  const plain = path.replace(/\/$/, '');
  if (plain !== '' && !tree.paths.has(plain)) return 'no such file';
  if (anchor === undefined) return undefined;
  if (!plain.endsWith('.md')) return 'only a document has anchors; the number of a line grows old';
  return anchorsOf(tree.read(plain)).has(unescaped(anchor) ?? '') ? undefined : 'no such heading';
}

function faultOfUrl(target: string, tree: Tree): string | undefined {
  if (!target.startsWith('https://')) return 'only https: leads out of the repository';
  if (!URL.canParse(target)) return 'no valid address';
  const { hostname, username, port } = new URL(target);
  if (username !== '' || port !== '' || !HOSTS.includes(hostname)) return `the host is none of ${HOSTS.join(', ')}`;
  if (target !== PROJECT && !target.startsWith(`${PROJECT}/`)) return undefined;
  const rest = target.slice(PROJECT.length);
  const [, file, anchor] = /^\/(?:blob|tree)\/main\/([^#?]*)(?:#(.*))?$/.exec(rest) ?? [];
  if (file !== undefined) return faultOfPath(file, anchor, tree);
  return PROJECT_PAGES.test(rest) ? undefined : 'no page of the project';
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function joined(folder: readonly string[], path: string): string | undefined {
  const parts = [...folder];
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined;
    if (part !== '..' && part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
