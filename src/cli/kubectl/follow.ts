/**
 * Follows one Checkpoint until the caller has seen enough.
 *
 * A watch tells every change at once. Where a watch is refused, breaks or cannot be had (a proxy that buffers, a role without the
 * verb `watch`), the Checkpoint is read every two seconds, and a watch is tried again later.
 */
import { CHECKPOINTS, type Checkpoint } from '../../api/kinds.js';
import { isExpired, isObjectGone, type KubeError } from '../../kube/result.js';
import type { Clock } from '../../kube/clock.js';
import { isOlder } from '../../kube/resource-version.js';
import type { KubeApi } from '../../kube/api.js';
import { linkAbort } from '../../kube/abort.js';

export type Seen =
  | { readonly kind: 'state'; readonly checkpoint: Checkpoint }
  /** The Checkpoint was deleted, or another one of the same name is in its place. */
  | { readonly kind: 'gone' }
  /** No answer at the moment. Reading goes on. */
  | { readonly kind: 'trouble'; readonly error: KubeError; readonly forMilliseconds: number }
  /** Nothing more is told: the server refuses to be asked, or has not answered for {@link GIVE_UP_MILLISECONDS}. */
  | { readonly kind: 'lost'; readonly error: KubeError };

const READ_EVERY_MILLISECONDS = 2_000;
/** A watch that tells nothing for this long may be dead without a sign, behind a proxy for instance. The Checkpoint is then read. */
const READ_BESIDE_MILLISECONDS = 10_000;
/** The API server ends the watch after this time. */
const WATCH_SECONDS = 300;
/** How long a server may not answer before the plugin gives up. A rolling update of a control plane takes less. */
export const GIVE_UP_MILLISECONDS = 120_000;

export interface Followed {
  readonly api: Pick<KubeApi, 'get' | 'watch'>;
  readonly clock: Clock;
  /** As it was created or read. */
  readonly checkpoint: Checkpoint;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

/** Yields each state that is seen, the given one first. Ends after `gone` and `lost`, and when the signal aborts. */
export async function* follow(followed: Followed): AsyncGenerator<Seen> {
  const { clock, checkpoint, signal } = followed;
  yield { kind: 'state', checkpoint };
  const link = linkAbort(signal);
  const inbox = new Inbox(clock);
  void watching(followed, link.signal, inbox);
  void reading(followed, link.signal, inbox);
  let heard = clock.monotonic();
  let version = checkpoint.metadata.resourceVersion;
  let troubled = false;
  try {
    while (!signal.aborted) {
      const seen = await inbox.next(link.signal);
      if (signal.aborted || seen === undefined) return;
      if (seen.kind === 'trouble') {
        const forbidden = seen.error.code === 403 && seen.error.foreign !== true;
        // A role may have the verb `watch` alone. The watch is then all that there is, and a read says nothing about it.
        if (forbidden && inbox.live) {
          heard = clock.monotonic();
          continue;
        }
        const forMilliseconds = clock.monotonic() - heard;
        const hopeless = (forbidden && inbox.watchRefused) || forMilliseconds >= GIVE_UP_MILLISECONDS;
        yield hopeless ? { kind: 'lost', error: seen.error } : { ...seen, forMilliseconds };
        if (hopeless) return;
        troubled = true;
        continue;
      }
      heard = clock.monotonic();
      if (seen.kind === 'state') {
        // A read may overtake the watch, and a watch that begins anew may show a state of before.
        const { resourceVersion } = seen.checkpoint.metadata;
        if (isOlder(resourceVersion, version)) continue;
        // The same state is told again after a trouble: it says that the trouble is over.
        if (resourceVersion === version && !troubled) continue;
        version = resourceVersion;
        troubled = false;
      }
      yield seen;
      if (seen.kind === 'gone') return;
    }
  } finally {
    link.abort();
    link.dispose();
  }
}

/** Merges the events of the watch and the answers of the reads for one reader. */
class Inbox {
  /** The server does not let this user watch. */
  watchRefused = false;
  #live = false;
  readonly #clock: Clock;
  readonly #seen: Seen[] = [];
  #wake = new AbortController();
  #turn = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a watch is open. */
  get live(): boolean {
    return this.#live;
  }

  /** The pace of the reads changes at once when a watch opens or ends. */
  set live(live: boolean) {
    this.#live = live;
    this.#turn.abort();
    this.#turn = new AbortController();
  }

  put(seen: Seen): void {
    this.#seen.push(seen);
    this.#wake.abort();
  }

  /** Returns the next thing seen, or undefined when the signal aborts. */
  async next(signal: AbortSignal): Promise<Seen | undefined> {
    while (this.#seen.length === 0 && !signal.aborted) {
      this.#wake = new AbortController();
      await this.#aborted(this.#wake.signal, signal);
    }
    return this.#seen.shift();
  }

  /** Waits until the next read is due. Returns false where that changed meanwhile. */
  async readDue(signal: AbortSignal): Promise<boolean> {
    const turn = linkAbort(signal);
    const stop = (): void => turn.abort();
    const changed = this.#turn.signal;
    changed.addEventListener('abort', stop, { once: true });
    await this.#clock.sleep(this.#live ? READ_BESIDE_MILLISECONDS : READ_EVERY_MILLISECONDS, turn.signal);
    changed.removeEventListener('abort', stop);
    turn.dispose();
    return !changed.aborted;
  }

  async #aborted(...signals: readonly AbortSignal[]): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        for (const signal of signals) signal.removeEventListener('abort', end);
        resolve();
      };
      for (const signal of signals) signal.addEventListener('abort', end);
      if (signals.some(({ aborted }) => aborted)) end();
    });
  }
}

/** Keeps a watch open, from the version of the last state that it told. */
async function watching(followed: Followed, signal: AbortSignal, inbox: Inbox): Promise<void> {
  const { api, clock, checkpoint } = followed;
  const { namespace = '', name, uid } = checkpoint.metadata;
  let { resourceVersion } = checkpoint.metadata;
  const once = async (): Promise<'refused' | 'ended'> => {
    const fieldSelector = `metadata.name=${name}`;
    const options = { namespace, fieldSelector, resourceVersion, timeoutSeconds: WATCH_SECONDS, signal };
    const answer = await api.watch(CHECKPOINTS, options);
    if (!answer.ok) {
      if (isExpired(answer.error)) resourceVersion = '';
      return answer.error.code === 403 && answer.error.foreign !== true ? 'refused' : 'ended';
    }
    inbox.live = true;
    for await (const event of answer.value) {
      if (event.type === 'ERROR') {
        // The version may be too old. Without one, the watch starts at the present.
        resourceVersion = '';
        break;
      }
      if (event.type === 'BOOKMARK') {
        ({ resourceVersion } = event);
        continue;
      }
      // A proxy between here and there may have left the selector out.
      if (event.object.metadata.name !== name) continue;
      ({ resourceVersion } = event.object.metadata);
      const gone = event.type === 'DELETED' || event.object.metadata.uid !== uid;
      inbox.put(gone ? await verified(followed, signal) : { kind: 'state', checkpoint: event.object });
    }
    return 'ended';
  };
  while (!signal.aborted) {
    try {
      if ((await once()) === 'refused') {
        inbox.watchRefused = true;
        return;
      }
    } catch (error) {
      // Nobody waits for this promise, and whatever goes wrong here must not end the process: a pod is held.
      inbox.put({ kind: 'trouble', error: defect(error), forMilliseconds: 0 });
    }
    // Each change has the next read wait anew.
    if (inbox.live) inbox.live = false;
    await clock.sleep(READ_EVERY_MILLISECONDS, signal);
  }
}

/** Reads the Checkpoint now and then. What the watch tells meanwhile does not wait for the answer. */
async function reading(followed: Followed, signal: AbortSignal, inbox: Inbox): Promise<void> {
  while (!signal.aborted) {
    const due = await inbox.readDue(signal);
    if (signal.aborted) return;
    if (due) inbox.put(await read(followed, signal));
  }
}

/** A deletion that a watch reports is believed when a read says the same, or where this user may not read. */
async function verified(followed: Followed, signal: AbortSignal): Promise<Seen> {
  const seen = await read(followed, signal);
  return seen.kind === 'trouble' && seen.error.code === 403 && seen.error.foreign !== true ? { kind: 'gone' } : seen;
}

async function read({ api, checkpoint }: Followed, signal: AbortSignal): Promise<Seen> {
  const { namespace = '', name, uid } = checkpoint.metadata;
  try {
    const answer = await api.get(CHECKPOINTS, { namespace, name, signal });
    if (!answer.ok)
      return isObjectGone(answer.error, CHECKPOINTS, name)
        ? { kind: 'gone' }
        : { kind: 'trouble', error: answer.error, forMilliseconds: 0 };
    return answer.value.metadata.uid === uid ? { kind: 'state', checkpoint: answer.value } : { kind: 'gone' };
  } catch (error) {
    return { kind: 'trouble', error: defect(error), forMilliseconds: 0 };
  }
}

function defect(error: unknown): KubeError {
  return { method: 'GET', path: CHECKPOINTS.plural, reason: 'Malformed', message: String(error) };
}
