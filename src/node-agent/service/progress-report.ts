/** Tells on the object what a claimed capture does at the moment. */
import type { PodCapture, PodCaptureStatus } from '../../api/kinds.js';
import { deliver, type DeliveryParts } from './deliver.js';

/**
 * Writes go out one at a time, and the newest status counts: a write that is not accepted yet is given up when a newer status
 * exists. If the old write still arrives, it names an old resourceVersion.
 */
export class ProgressReport {
  readonly #parts: DeliveryParts;
  readonly #object: PodCapture;
  #abort = new AbortController();
  #writing: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(parts: DeliveryParts, object: PodCapture) {
    this.#parts = parts;
    this.#object = object;
  }

  tell(status: PodCaptureStatus): void {
    if (this.#isOver) return;
    this.#abort.abort();
    const { signal } = (this.#abort = new AbortController());
    this.#writing = this.#writing
      .then(async () => await deliver(this.#parts, this.#object, [status], signal))
      .catch((error: unknown) =>
        this.#parts.log.error('progress not told because of a defect', { name: this.#object.metadata.name, error }),
      );
  }

  /** Resolves when nothing is being written any more, and nothing will be. Without this, a progress could follow the end. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#abort.abort();
    await this.#writing;
  }
}
