/** Reads the timings of a capture: from its Checkpoint, and from the PodCapture what the Checkpoint does not have. */
import { CHECKPOINTS, PODCAPTURES, type Checkpoint, type PodCapture } from '../../api/kinds.js';
import { asCount } from '../coerce.js';
import { readTimings } from '../sound-timings.js';
import { checkpointRow, type CheckpointRow } from './checkpoint-row.js';
import type { CaptureName } from './names.js';
import { describeRefusal } from './refusal.js';
import type { Measured } from './render-timings.js';
import type { Cluster } from './surroundings.js';

export type LoadedTimings =
  | { readonly ok: true; readonly measured: Measured }
  /** The message is one line for people. */
  | { readonly ok: false; readonly message: string };

export async function loadTimings(
  cluster: Cluster,
  { kind, name }: CaptureName,
  signal: AbortSignal,
): Promise<LoadedTimings> {
  const { api, namespace, serverName } = cluster;
  const answer =
    kind === 'checkpoint'
      ? await api.get<Checkpoint | PodCapture>(CHECKPOINTS, { namespace, name, signal })
      : await api.get<Checkpoint | PodCapture>(PODCAPTURES, { namespace, name, signal });
  if (!answer.ok) {
    const resource = kind === 'checkpoint' ? 'checkpoints.stasis.dev' : 'podcaptures.stasis.dev';
    return {
      ok: false,
      message: describeRefusal(answer.error, { verb: 'get', resource, namespace, name, serverName }),
    };
  }
  return kind === 'checkpoint'
    ? await ofCheckpoint(cluster, answer.value as Checkpoint, signal)
    : ofCapture(answer.value as PodCapture);
}

async function ofCheckpoint(cluster: Cluster, checkpoint: Checkpoint, signal: AbortSignal): Promise<LoadedTimings> {
  const row = checkpointRow(checkpoint);
  if (row.timings === undefined) return { ok: false, message: untimed(row) };
  // Only a capture with a budget can have overrun it, and only the PodCapture says so.
  const { captureName } = checkpoint.status?.pods?.[0] ?? {};
  const overrun =
    row.maxPauseMicroseconds !== undefined && typeof captureName === 'string'
      ? await overrunOf(cluster, captureName, signal)
      : undefined;
  return { ok: true, measured: measuredOf(row, row.timings, overrun) };
}

/** Nothing is lost where the PodCapture may not be read: the timings and the budget are known. */
async function overrunOf({ api, namespace }: Cluster, name: string, signal: AbortSignal): Promise<number | undefined> {
  const answer = await api.get(PODCAPTURES, { namespace, name, signal });
  return answer.ok ? asCount(answer.value.status?.overrunMicroseconds) : undefined;
}

function ofCapture(capture: PodCapture): LoadedTimings {
  const row = checkpointRow(capture);
  const timings = readTimings(capture.status?.timings);
  if (timings === undefined)
    return { ok: false, message: `PodCapture ${row.name} has not ended: nothing is timed yet` };
  const known = { ...row, node: typeof capture.spec?.nodeName === 'string' ? capture.spec.nodeName : '' };
  return { ok: true, measured: measuredOf(known, timings, asCount(capture.status?.overrunMicroseconds)) };
}

function measuredOf(row: CheckpointRow, timings: Measured['timings'], overrun: number | undefined): Measured {
  const { name, pod, node, reason, outcome, maxPauseMicroseconds } = row;
  return {
    name,
    pod,
    node,
    reason,
    succeeded: outcome === 'succeeded',
    timings,
    ...(maxPauseMicroseconds === undefined ? {} : { maxPauseMicroseconds }),
    ...(overrun === undefined ? {} : { overrunMicroseconds: overrun }),
  };
}

function untimed({ name, reason, outcome }: CheckpointRow): string {
  const shown = reason === '' ? 'Pending' : reason;
  const why = outcome === 'unfinished' ? 'has not ended' : 'ended before anything was timed';
  return `Checkpoint ${name} ${why} (${shown}); see: kubectl stasis explain ${shown}`;
}
