/** Puts the whole tree of an artifact into the PodCapture that it belongs to. Pure. */
import type { PodCapture } from '../../api/kinds.js';
import { asObject, parseObject } from '../../kube/json.js';

/** Returns undefined where the text is no artifact of this capture. */
export function withArtifact(capture: PodCapture, text: string): PodCapture | undefined {
  const artifact = parseObject(text);
  const status = asObject(artifact?.['status']);
  if (artifact?.['kind'] !== 'PodCapture' || !Array.isArray(status?.['tree'])) return undefined;
  if (asObject(artifact['metadata'])?.['uid'] !== capture.metadata.uid) return undefined;
  const { truncated: _, ...rest } = capture.status ?? {};
  // Its digest is that of the status of the capture, so that it has the form of the kind.
  return { ...capture, status: { ...rest, ...status } };
}
