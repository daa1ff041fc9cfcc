/** The fields of an events.k8s.io/v1 Event that Stasis writes. Pure. */
import type { KubeObject, Resource } from './types.js';

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly fieldPath?: string;
}

export interface EventDraft {
  /** The object that the event is about; `kubectl describe` of that object shows the event. */
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** Why the event happened, in CamelCase; at most 128 characters. */
  readonly reason: string;
  /** What was done about it, in CamelCase; at most 128 characters. */
  readonly action: string;
  /** A text for people. It is cut at 1024 bytes. */
  readonly note: string;
}

export interface EventObject extends KubeObject {
  /** In the format of MicroTime. */
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
}

export const EVENTS: Resource<EventObject> = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  namespaced: true,
  kind: 'Event',
};

/** The API server refuses an Event with a longer note (kubernetes/pkg/apis/core/validation/events.go). */
const LONGEST_NOTE_BYTES = 1024;
/** The longest name of an object: a DNS subdomain (RFC 1123). */
const LONGEST_NAME = 253;

/** Cuts a note to at most 1024 bytes of UTF-8, never within a character. */
export function cutNote(note: string): string {
  const bytes = new TextEncoder().encode(note);
  if (bytes.length <= LONGEST_NOTE_BYTES) return note;
  const ellipsis = '…';
  let end = LONGEST_NOTE_BYTES - new TextEncoder().encode(ellipsis).length;
  // A byte 10xxxxxx continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(bytes.subarray(0, end)) + ellipsis;
}

/**
 * Builds a name such as 'my-checkpoint.18a3f0c2d1e4b0a9', the form that client-go uses. `unique` (lower-case
 * hexadecimal) tells the Event apart from all others. An object's name need not be a DNS subdomain (an RBAC role may be
 * named 'system:node'), but the name of an Event must be, so other characters are replaced.
 */
export function eventName(regarding: string, unique: string): string {
  const stem = regarding
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .slice(0, LONGEST_NAME - unique.length - 1)
    .split('.')
    .map((label) => label.replace(/^-+|-+$/g, ''))
    .filter((label) => label !== '')
    .join('.');
  return stem === '' ? unique : `${stem}.${unique}`;
}

/** An Event about an object without a namespace is created in 'default'. */
export function eventNamespace(draft: EventDraft): string {
  return draft.regarding.namespace ?? 'default';
}

/** Identifies the object that an Event is about. Events about one object are written in their order. */
export function objectKey({ kind, namespace, name, uid }: ObjectReference): string {
  return JSON.stringify([kind, namespace, name, uid]);
}
