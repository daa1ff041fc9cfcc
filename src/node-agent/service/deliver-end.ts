/** Reports the end of a capture, for as long as there is an object that it can be reported to. */
import type { PodCapture, PodCaptureStatus } from '../../api/kinds.js';
import { linkAbort } from '../../kube/abort.js';
import type { CaptureRun } from './capture-run.js';
import { deliver, type Delivered, type DeliveryParts } from './deliver.js';

export interface EndParts extends DeliveryParts {
  /** Aborts when nothing may be waited for any longer, not even a report. */
  readonly lastCall: AbortSignal;
}

/**
 * Delivers the first of `statuses` that the server accepts. A server that forbids the write answers 403 also when the object
 * is gone, so the watch decides as well.
 */
export async function deliverEnd(
  parts: EndParts,
  object: PodCapture,
  statuses: readonly [PodCaptureStatus, ...PodCaptureStatus[]],
  run: CaptureRun,
): Promise<Delivered> {
  const link = linkAbort(parts.lastCall);
  const stop = (): void => link.abort();
  if (run.gone.aborted) stop();
  else run.gone.addEventListener('abort', stop, { once: true });
  try {
    const delivered = await deliver(parts, object, statuses, link.signal, () => (run.isRefused = true));
    return delivered === 'gaveUp' && run.gone.aborted ? 'gone' : delivered;
  } finally {
    link.dispose();
  }
}
