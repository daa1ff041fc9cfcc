/** Renders each thread of a process on a line of its own, with what differs from the process. Pure. */
import type { IdSet, ThreadRow } from '../api/podcapture.js';
import { span, type Span } from './render-line.js';
import { quoteOdd } from './render-process.js';
import type { TableRow } from './render-table.js';
import type { SelectedRow } from './tree-selection.js';

/** The lines of the threads beside the leader, which has the line of its process. */
export function threadLines({ row, prefix, hasChildren }: SelectedRow): TableRow[] {
  const below = `${continued(prefix)}${hasChildren ? '│  ' : '   '}`;
  return row.threads
    .filter(({ tid }) => tid !== row.pid)
    .map((thread) => ({
      cells: [
        [span(String(thread.tid), 'dim')],
        [],
        [span(thread.uids === undefined ? '' : ids(thread.uids))],
        [span(below, 'dim'), ...describeThread(thread)],
      ],
    }));
}

/** Returns the beginning of a line below that of the process: the line of the tree goes on where siblings follow. */
function continued(prefix: string): string {
  return prefix.replaceAll('├─ ', '│  ').replaceAll('└─ ', '   ').replace(/^⋯.*$/, '   ');
}

function describeThread(thread: ThreadRow): Span[] {
  const { comm, state, pendingStopSignals: pending = [], unsettled } = thread;
  const facts = [
    ...(state === 'Alive' ? [] : [state.toLowerCase()]),
    ...(pending.length === 0 ? [] : [`${pending.join(', ')} pending`]),
    ...differences(thread),
    ...(unsettled === true ? ['changed during the pause'] : []),
  ];
  return [span(`{${quoteOdd(comm)}}`), ...facts.map((fact) => span(`  ${fact}`, 'yellow'))];
}

/** The values that the thread has and its process does not. */
function differences({ gids, capabilities, noNewPrivileges, seccomp }: ThreadRow): string[] {
  return [
    ...(gids === undefined ? [] : [`gid ${ids(gids)}`]),
    ...(capabilities === undefined ? [] : [`capabilities ${capabilities.effective}`]),
    ...(noNewPrivileges === undefined ? [] : [noNewPrivileges ? 'no_new_privs' : 'without no_new_privs']),
    ...(seccomp === undefined ? [] : [`seccomp ${seccomp.toLowerCase()}`]),
  ];
}

function ids({ real, effective }: IdSet): string {
  return real === effective ? String(effective) : `${real}→${effective}`;
}
