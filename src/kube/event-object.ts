/** events.k8s.io/v1 Event, as far as we write it. Pure. */
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

/** What happened. */
export interface EventDraft {
  /** Whom it happened to: `kubectl describe` of it shows the event. */
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** Why, in CamelCase; at most 128 characters. */
  readonly reason: string;
  /** What was done about it, in CamelCase; at most 128 characters. */
  readonly action: string;
  /** For people. Cut at 1024 bytes. */
  readonly note: string;
}

export interface EventObject extends KubeObject {
  /** MicroTime. */
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly series?: EventSeries;
}

export interface EventSeries {
  /** Occurrences, the first one included. */
  readonly count: number;
  /** MicroTime. */
  readonly lastObservedTime: string;
}

export const EVENTS: Resource<EventObject> = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  namespaced: true,
  kind: 'Event',
};

/** kubernetes/pkg/apis/core/validation/events.go: beyond it the event is refused. */
const LONGEST_NOTE_BYTES = 1024;
const LONGEST_NAME = 253;

/** At most 1024 bytes of UTF-8, never ending within a character. */
export function cutNote(note: string): string {
  const bytes = new TextEncoder().encode(note);
  if (bytes.length <= LONGEST_NOTE_BYTES) return note;
  const ellipsis = '…';
  let end = LONGEST_NOTE_BYTES - new TextEncoder().encode(ellipsis).length;
  // 10xxxxxx continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(bytes.subarray(0, end)) + ellipsis;
}

/**
 * 'my-checkpoint.18a3f0c2d1e4b0a9': client-go's form. `unique` (lower-case hexadecimal) makes it one's own. What it regards
 * may have a name that is no DNS subdomain (an RBAC role, 'system:node'), which an event may not.
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

/** Events of what has no namespace stand in 'default'. */
export function eventNamespace(draft: EventDraft): string {
  return draft.regarding.namespace ?? 'default';
}

/**
 * Two occurrences of one series. The note is part of it, unlike in client-go: an Event's note can never be changed, so one
 * that says something else has to be another Event.
 */
export function seriesKey(draft: EventDraft): string {
  const { regarding, related, type, reason, action, note } = draft;
  return JSON.stringify([identity(regarding), identity(related), type, reason, action, note]);
}

function identity(reference: ObjectReference | undefined): readonly unknown[] | undefined {
  return reference && [reference.kind, reference.namespace, reference.name, reference.uid, reference.fieldPath];
}
