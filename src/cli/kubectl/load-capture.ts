/** Reads the capture that a name on the command line stands for. */
import { CHECKPOINTS, PODCAPTURES, type Checkpoint, type PodCapture as StoredCapture } from '../../api/kinds.js';
import type { PodCapture } from '../../api/podcapture.js';
import { shownCapture } from '../shown-capture.js';
import { soundCapture } from '../sound-capture.js';
import { checkpointRow } from './checkpoint-row.js';
import type { CaptureName } from './names.js';
import { describeRefusal } from './refusal.js';
import type { Cluster } from './surroundings.js';

export type Loaded =
  | {
      readonly ok: true;
      /** For the renderers: every field has the type that they expect, whoever wrote the object. */
      readonly capture: PodCapture;
      /** As the API server returned it. */
      readonly stored: StoredCapture;
      /** Absent where a PodCapture was named, or its Checkpoint may not be read or is gone. */
      readonly checkpoint?: Checkpoint;
    }
  /** The message is one line for people. */
  | { readonly ok: false; readonly message: string };

/** Reads the PodCapture. The result is a failure where there is none, for instance because the Checkpoint was refused. */
export async function loadCapture(cluster: Cluster, named: CaptureName): Promise<Loaded> {
  if (named.kind === 'podcapture') return await readCapture(cluster, named.name);
  const { api, namespace, serverName } = cluster;
  const answer = await api.get(CHECKPOINTS, { namespace, name: named.name });
  if (!answer.ok) {
    const attempt = {
      verb: 'get',
      resource: 'checkpoints.stasis.dev',
      namespace,
      name: named.name,
      serverName,
    } as const;
    return { ok: false, message: describeRefusal(answer.error, attempt) };
  }
  return await captureOf(cluster, answer.value);
}

/** Reads the PodCapture of a Checkpoint. */
export async function captureOf(cluster: Cluster, checkpoint: Checkpoint): Promise<Loaded> {
  const captureName = checkpoint.status?.pods?.[0]?.captureName;
  if (typeof captureName !== 'string') return { ok: false, message: withoutCapture(checkpoint) };
  const loaded = await readCapture(cluster, captureName);
  return loaded.ok ? { ...loaded, checkpoint } : loaded;
}

async function readCapture({ api, namespace, serverName }: Cluster, name: string): Promise<Loaded> {
  const answer = await api.get(PODCAPTURES, { namespace, name });
  if (!answer.ok) {
    const attempt = { verb: 'get', resource: 'podcaptures.stasis.dev', namespace, name, serverName } as const;
    return { ok: false, message: describeRefusal(answer.error, attempt) };
  }
  const shown = shownCapture(answer.value);
  return shown.ok ? { ok: true, capture: soundCapture(shown.capture), stored: answer.value } : shown;
}

/** Says why there is no PodCapture, and what to do. */
function withoutCapture(checkpoint: Checkpoint): string {
  const { name, reason: known, message, outcome } = checkpointRow(checkpoint);
  const reason = known === '' ? 'Pending' : known;
  const why = message === '' ? '' : ` (${message})`;
  if (outcome !== 'unfinished')
    return `Checkpoint ${name} ended with ${reason} before anything was captured${why}; see: kubectl stasis explain ${reason}`;
  return `Checkpoint ${name} has captured nothing yet: ${reason}${why}; see: kubectl stasis explain ${reason}`;
}
