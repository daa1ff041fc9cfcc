/** Brings the artifact of a capture from its node, and verifies it. */
import { createHash } from 'node:crypto';
import type { PodCapture } from '../../api/kinds.js';
import { askAgent, listAgents } from './agents.js';
import { artifactCommand, formatBytes, objectionTo, withoutArtifact } from './artifact-request.js';
import { findStasisNamespace } from './stasis-namespace.js';
import type { Cluster, Surroundings } from './surroundings.js';

export type ArtifactFetched =
  | { readonly ok: true; readonly sizeBytes: number; readonly sha256: string }
  /** The message is one line for people. */
  | { readonly ok: false; readonly message: string };

export interface FetchRequest {
  readonly capture: PodCapture;
  /** The value of --stasis-namespace. */
  readonly stasisNamespace: string | undefined;
  /** Takes the bytes before they are verified. What it throws ends the transfer, and becomes the message. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/** The advice of the documents for people who do not have the right. */
const RIGHTS =
  "it needs pods/exec in the agents' namespace, which makes its holder root on the nodes, so that an administrator rather exports for you (docs/security.md)";

/** The artifact counts only where the result is ok: everything may have been written before a failure shows. */
export async function fetchArtifact(
  surroundings: Surroundings,
  cluster: Cluster,
  { capture, stasisNamespace, write }: FetchRequest,
): Promise<ArtifactFetched> {
  const artifact = capture.status?.artifact;
  if (artifact === undefined) return { ok: false, message: withoutArtifact(capture) };
  const { nodeName } = capture.spec;
  const place = await agentOn(cluster, nodeName, stasisNamespace);
  if (!place.ok) return place;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let told = -1;
  const answer = await askAgent(surroundings, cluster, {
    namespace: place.namespace,
    pod: place.pod,
    command: artifactCommand(capture, artifact),
    onOutput: async (bytes) => {
      sizeBytes += bytes.length;
      if (sizeBytes > artifact.sizeBytes)
        throw new Error(`more came than the ${artifact.sizeBytes} bytes of the artifact`);
      hash.update(bytes);
      await write(bytes);
      // Four texts are enough where each is a line of its own.
      const step = Math.floor(
        (sizeBytes / Math.max(1, artifact.sizeBytes)) * (surroundings.terminal.redraws ? 100 : 4),
      );
      if (step === told) return;
      told = step;
      const progress = `${capture.metadata.name}: ${formatBytes(sizeBytes)} of ${formatBytes(artifact.sizeBytes)}`;
      await surroundings.terminal.progress(progress);
    },
  });
  await surroundings.terminal.clearProgress();
  if (answer.kind === 'failed')
    return { ok: false, message: answer.forbidden ? `${answer.message}; ${RIGHTS}` : answer.message };
  const received = { sizeBytes, sha256: hash.digest('hex'), status: answer.status, errors: answer.errors };
  const message = objectionTo(received, artifact, nodeName);
  return message === undefined ? { ok: true, sizeBytes, sha256: received.sha256 } : { ok: false, message };
}

type Place =
  | { readonly ok: true; readonly namespace: string; readonly pod: string }
  | { readonly ok: false; readonly message: string };

async function agentOn(cluster: Cluster, nodeName: string, stasisNamespace: string | undefined): Promise<Place> {
  const home = await findStasisNamespace(cluster, stasisNamespace);
  if (!home.ok) return home;
  const { namespace } = home;
  const found = await listAgents(cluster, namespace, nodeName);
  if (!found.ok) return { ok: false, message: `${found.message}; ${RIGHTS}` };
  const agent = found.agents.find((each) => each.nodeName === nodeName);
  if (agent?.kind === 'running') return { ok: true, namespace, pod: agent.pod };
  if (agent !== undefined)
    return { ok: false, message: `${agent.message}; the artifact stays on node ${nodeName} meanwhile` };
  const where = home.guessed ? `${namespace}; is Stasis installed elsewhere? Say where: --stasis-namespace` : namespace;
  return {
    ok: false,
    message: `no agent of Stasis runs on node ${nodeName}, where the artifact is; where the node is gone, the artifact is gone with it. Looked in namespace ${where}`,
  };
}
