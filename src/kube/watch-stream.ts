/** Turns the body of a watch into events. */
import { asObject, asText, parseObject, type JsonObject } from './json.js';
import type { WatchEvent } from './api.js';
import { LineSplitter } from './line-splitter.js';
import type { KubeError } from './result.js';
import { statusError, type Asked } from './status-error.js';
import type { KubeObject } from './types.js';

/**
 * The longest accepted watch event. By default etcd refuses objects above 1.5 MiB. A built-in kind is stored as
 * protobuf, and its JSON can be several times as long. An event beyond this bound does not come from an API server.
 */
export const LONGEST_EVENT_BYTES = 16 * 1024 * 1024;

export interface WatchBody {
  readonly asked: Asked;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** Turns an error of `chunks` into a KubeError. */
  readonly broken: (error: unknown) => KubeError;
}

/**
 * Yields the events in order. An ERROR is always the last event. The sequence ends without an ERROR when the server
 * closed the stream or `signal` aborted.
 */
export async function* watchEvents<T extends KubeObject>(body: WatchBody): AsyncGenerator<WatchEvent<T>, void> {
  const splitter = new LineSplitter(LONGEST_EVENT_BYTES);
  const wrong = (reason: string, message: string): WatchEvent<T> => ({
    type: 'ERROR',
    error: { ...body.asked, reason, message },
  });
  try {
    for await (const chunk of body.chunks) {
      const lines = splitter.push(chunk);
      if (lines === 'tooLong') {
        yield wrong('TooLong', `an event of more than ${LONGEST_EVENT_BYTES} bytes`);
        return;
      }
      for (const line of lines) {
        // Checked for each event, because a chunk may still hold events of a watch that was stopped.
        if (body.signal.aborted) return;
        const event = parseEvent<T>(line, body.asked) ?? wrong('Malformed', 'a watch event that is no JSON object');
        yield event;
        if (event.type === 'ERROR') return;
      }
    }
  } catch (error) {
    if (!body.signal.aborted) yield { type: 'ERROR', error: body.broken(error) };
    return;
  }
  if (splitter.pendingBytes > 0 && !body.signal.aborted)
    yield wrong('Unreachable', 'the watch ended in the middle of an event');
}

function parseEvent<T extends KubeObject>(line: string, asked: Asked): WatchEvent<T> | undefined {
  const event = parseObject(line);
  const object = asObject(event?.['object']);
  if (event === undefined || object === undefined) return undefined;
  const type = event['type'];
  if (type === 'ERROR') return { type, error: statusError(asked, object) };
  const resourceVersion = asText(asObject(object['metadata'])?.['resourceVersion']);
  if (resourceVersion === undefined) return undefined;
  if (type === 'BOOKMARK') return { type, resourceVersion };
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return undefined;
  return hasName(object) ? { type, object: object as unknown as T } : undefined;
}

function hasName(object: JsonObject): boolean {
  return asText(asObject(object['metadata'])?.['name']) !== undefined;
}
