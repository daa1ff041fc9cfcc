/**
 * Reads the PodCapture of each held pod again and again. A watch can be dead without an error: a load balancer forgets the
 * connection, and for minutes no event arrives. Nobody could release the pods meanwhile, although all else works.
 */
import type { PodCapture } from '../../api/kinds.js';
import { withDeadline } from '../../kube/abort.js';
import { describeError, isNotFound } from '../../kube/result.js';
import type { CaptureRun } from './capture-run.js';
import { read, type DeliveryParts } from './deliver.js';

export interface HeldReadsParts extends DeliveryParts {
  /** The object has changed since it was known. */
  readonly changed: () => void;
  /** The object no longer exists. */
  readonly vanished: (object: PodCapture) => void;
}

/** How often the object of a held pod is read, in milliseconds, unless the watch tells about it. */
const READ_EVERY_MS = 15_000;
/** How long a read may take, in milliseconds. */
const READ_WITHIN_MS = 5_000;
/** Most reads at a time: a hundred holds must not fill the connections that the heartbeat needs. */
const READS_AT_ONCE = 4;

export class HeldReads {
  readonly #parts: HeldReadsParts;
  readonly #line: (() => void)[] = [];
  #reading = 0;

  constructor(parts: HeldReadsParts) {
    this.#parts = parts;
  }

  /** Reads the object until `signal` aborts, which is to happen when the hold ends. */
  async keep(object: PodCapture, run: CaptureRun, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      const since = clock.monotonic();
      await clock.sleep(READ_EVERY_MS, signal);
      if (run.heardAt < since) await this.#inTurn(async () => await this.#tryRead(object, signal));
    }
  }

  /** The hold does not depend on a read, not even on one that fails by a defect. */
  async #tryRead(object: PodCapture, signal: AbortSignal): Promise<void> {
    await this.#read(object, signal).catch((error: unknown) =>
      this.#parts.log.debug('held capture not read because of a defect', { name: object.metadata.name, error }),
    );
  }

  async #read(object: PodCapture, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { clock, log, newest, changed, vanished } = this.#parts;
    const before = newest(object).metadata.resourceVersion;
    const answer = await withDeadline(
      clock,
      READ_WITHIN_MS,
      signal,
      async (bounded) => await read(this.#parts, object, bounded),
    );
    if (signal.aborted) return;
    if (!answer.ok) {
      if (isNotFound(answer.error)) vanished(object);
      else log.debug('held capture not read', { name: object.metadata.name, error: describeError(answer.error) });
      return;
    }
    const { uid, resourceVersion } = answer.value.metadata;
    if (uid !== object.metadata.uid) vanished(object);
    else if (resourceVersion !== before) changed();
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#reading >= READS_AT_ONCE) await new Promise<void>((resolve) => this.#line.push(resolve));
    this.#reading += 1;
    try {
      await work();
    } finally {
      this.#reading -= 1;
      this.#line.shift()?.();
    }
  }
}
