/** Documents that sources name: in messages, comments, the chart, alerts and dashboards. Pure. */
import { faultOf, faultOfPath, PROJECT, type Tree } from './links.js';

/** A path below docs, with or without an anchor. `*` stands for any part of a name. */
const PATH = /(?<![\w./-])docs\/[\w./*-]*[\w*](?:#[\w-]+)?/g;

/** Lists what is wrong with the documents that a source names, as `PATH:LINE: NAME: what is wrong`. */
export function brokenMentions(path: string, text: string, tree: Tree): string[] {
  return text.split('\n').flatMap((line, at) => {
    const urls = line
      .split(PROJECT)
      .slice(1)
      .map((rest) => PROJECT + (/^[\w./#-]*[\w/]/.exec(rest)?.[0] ?? ''));
    const faults = [
      ...urls.map((url) => ({ name: url, fault: faultOf(url.replace(/\.git$/, ''), path, tree) })),
      ...[...line.matchAll(PATH)].map(([name]) => ({ name, fault: faultOfMention(name, tree) })),
    ];
    return faults.flatMap(({ name, fault }) => (fault === undefined ? [] : [`${path}:${at + 1}: ${name}: ${fault}`]));
  });
}

function faultOfMention(name: string, tree: Tree): string | undefined {
  const [path = '', anchor] = name.split('#');
  if (!path.includes('*')) return faultOfPath(path, anchor, tree);
  const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  return [...tree.paths].some((other) => pattern.test(other)) ? undefined : 'no such file';
}
