/** The facts that a process has once (program, start time, namespaces, id maps), from the looks before and after the pause. Pure. */
import { NAMESPACES, type RawFile } from '../capture/raw-arena.js';
import { parseNsLink } from '../pure/ns-link.js';
import { parseStat } from '../pure/proc-stat.js';
import type { ProcessFacts } from '../pure/process-rows.js';
import { parseIdMap } from '../pure/uid-map.js';
import type { ParsedRecords } from './parse-records.js';

/** The facts by pid, for every process whose stat file one of the looks has read. */
export function processFacts({ texts }: ParsedRecords): Map<number, ProcessFacts> {
  const facts = new Map<number, ProcessFacts>();
  const idMaps = idMapsByNamespace(texts);
  const of = (look: 'first' | 'held' | 'after', file: RawFile, pid: number): string | undefined =>
    texts[look].get(file)?.get(pid);
  const pids = new Set(Object.values(texts).flatMap((files) => [...(files.get('stat')?.keys() ?? [])]));
  for (const pid of pids) {
    const before = of('held', 'stat', pid) ?? of('first', 'stat', pid);
    const after = of('after', 'stat', pid);
    // Another process may have the pid by now, and its facts are not about this process.
    const isSame =
      after === undefined || startTicks(before)?.ticks === startTicks(after)?.ticks || before === undefined;
    const settled = (file: RawFile): string | undefined => {
      const held = of('held', file, pid);
      const one = held ?? of('first', file, pid);
      const other = isSame ? of('after', file, pid) : undefined;
      return held ?? (one === undefined || other === undefined || one === other ? (one ?? other) : undefined);
    };
    const exe = settled('exe');
    const user = settled('ns/user');
    const maps = user === undefined ? undefined : idMaps.get(user);
    facts.set(pid, {
      ...(exe === undefined ? {} : { exe }),
      startTimeTicks: (startTicks(before) ?? startTicks(after))?.ticks ?? 0,
      namespaces: namespaces(settled),
      ...(maps === undefined ? {} : { idMaps: maps }),
    });
  }
  return facts;
}

/** The start time in ticks (field 22 of a stat file), and the state letter. */
export function startTicks(text: string | undefined): { readonly ticks: number; readonly state: string } | undefined {
  const stat = text === undefined ? undefined : parseStat(text);
  return stat?.ok === true ? { ticks: stat.value.startTimeTicks, state: stat.value.state } : undefined;
}

function namespaces(settled: (file: RawFile) => string | undefined): Record<string, number> {
  const agreed: Record<string, number> = {};
  for (const name of NAMESPACES) {
    const text = settled(`ns/${name}`);
    const link = text === undefined ? undefined : parseNsLink(text);
    if (link?.ok === true) agreed[name] = link.value.inode;
  }
  return agreed;
}

/** Id maps by the text of the link ns/user: the maps of one process stand for all processes that share its namespace. */
function idMapsByNamespace(texts: ParsedRecords['texts']): Map<string, NonNullable<ProcessFacts['idMaps']>> {
  const maps = new Map<string, NonNullable<ProcessFacts['idMaps']>>();
  for (const [pid, text] of texts.after.get('uid_map') ?? []) {
    const namespace = texts.after.get('ns/user')?.get(pid);
    const gids = texts.after.get('gid_map')?.get(pid);
    if (namespace !== undefined && gids !== undefined)
      maps.set(namespace, { uids: parseIdMap(text), gids: parseIdMap(gids) });
  }
  return maps;
}
