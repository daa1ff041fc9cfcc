/** The Events about a Checkpoint. Pure. */
import { API_VERSION, type Checkpoint } from '../api/kinds.js';
import type { EventDraft, ObjectReference } from '../kube/event-object.js';
import type { CheckpointEvent } from './decision.js';

/** The part of EventRecorder that is used here. */
export interface EventSink {
  /** Returns without waiting. Delivery is best effort. */
  record(event: EventDraft): void;
}

/** The field `action` of events.k8s.io: the step that the Event is about. */
const ACTIONS: Partial<Record<CheckpointEvent['reason'], string>> = {
  Holding: 'Hold',
  HoldCutShort: 'Hold',
  NodeAgentUnavailable: 'Dispatch',
  DispatchForbidden: 'Dispatch',
  NodeBusy: 'Dispatch',
  StepForbidden: 'Release',
};

/**
 * Returns one Event about the Checkpoint and, where the pod is known, one about the pod, so that `kubectl describe pod`
 * tells why the pod stood still. A dry run touches no pod, so it is no news of the pod.
 */
export function eventsOf(checkpoint: Checkpoint, { type, reason, note }: CheckpointEvent): EventDraft[] {
  const { name, namespace = '', uid } = checkpoint.metadata;
  const told = { type, reason, action: ACTIONS[reason] ?? 'Capture', note };
  const self: ObjectReference = { apiVersion: API_VERSION, kind: 'Checkpoint', name, namespace, uid };
  const row = checkpoint.status?.pods?.[0];
  if (row === undefined || checkpoint.spec.dryRun === true) return [{ regarding: self, ...told }];
  const pod: ObjectReference = { apiVersion: 'v1', kind: 'Pod', name: row.podName, namespace, uid: row.podUID };
  return [
    { regarding: self, related: pod, ...told },
    { regarding: pod, related: self, ...told, note: `Checkpoint ${name}: ${note}` },
  ];
}
