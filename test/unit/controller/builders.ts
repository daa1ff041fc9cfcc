/**
 * Sample objects for the controller's tests. They are complete and valid, and a test states only the fields that matter
 * to it.
 */
import {
  API_VERSION,
  RELEASE_FINALIZER,
  type Checkpoint,
  type CheckpointSpec,
  type Condition,
  type PodCapture,
  type PodCaptureSpec,
  type PodCaptureStatus,
} from '../../../src/api/kinds.js';
import type { ConditionType } from '../../../src/api/conditions.js';
import type { Reason } from '../../../src/api/reasons.js';
import { captureName } from '../../../src/controller/capture-name.js';
import type { Settings, Settled, Undispatched } from '../../../src/controller/observation.js';
import type { KubeNode, Pod } from '../../../src/controller/resources.js';
import { property, schemaOf } from '../api/crd.js';
import { timings } from '../builders.js';
import { schemaViolations } from '../node-agent/service/schema.js';

/** 2026-01-01T00:00:10Z. The sample objects were created ten seconds earlier. */
export const NOW = Date.parse('2026-01-01T00:00:10Z');
export const CREATED = '2026-01-01T00:00:00Z';

export const SETTINGS: Settings = {
  namespace: 'stasis-system',
  excludedNamespaces: [],
  defaultTTLSeconds: undefined,
  historyLimit: undefined,
  sandboxedRuntimeHandlers: ['runsc', 'kata*'],
};

/** With the defaults that the API server fills in. */
export function checkpointSpec(podName: string): CheckpointSpec {
  return { podName, freezer: 'Auto', timeoutSeconds: 10, startingDeadlineSeconds: 600, dryRun: false };
}

export function checkpoint(
  parts: {
    readonly spec?: Partial<CheckpointSpec>;
    readonly metadata?: Partial<Checkpoint['metadata']>;
    readonly status?: Checkpoint['status'];
  } = {},
): Checkpoint {
  return {
    apiVersion: API_VERSION,
    kind: 'Checkpoint',
    metadata: {
      name: 'look',
      namespace: 'shop',
      uid: 'uid-look',
      resourceVersion: '7',
      generation: 1,
      creationTimestamp: CREATED,
      ...parts.metadata,
    },
    spec: { ...checkpointSpec('web-0'), ...parts.spec },
    ...(parts.status === undefined ? {} : { status: parts.status }),
  };
}

/** A pod on node-1 with two running containers. */
export function pod(
  parts: {
    readonly spec?: Partial<Pod['spec']>;
    readonly metadata?: Partial<Pod['metadata']>;
    readonly status?: Partial<NonNullable<Pod['status']>>;
  } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-0',
      namespace: 'shop',
      uid: 'pod-uid-1',
      resourceVersion: '3',
      creationTimestamp: CREATED,
      ...parts.metadata,
    },
    spec: { nodeName: 'node-1', containers: [{ name: 'app' }, { name: 'log' }], ...parts.spec },
    status: {
      phase: 'Running',
      containerStatuses: [running('app', 'aaa'), running('log', 'bbb')],
      ...parts.status,
    },
  };
}

export function running(name: string, id: string) {
  return { name, containerID: `containerd://${id}`, state: { running: { startedAt: CREATED } } };
}

export function node(spec: KubeNode['spec'] = {}): KubeNode {
  const metadata = { name: 'node-1', uid: 'node-uid', resourceVersion: '1', creationTimestamp: CREATED };
  return { apiVersion: 'v1', kind: 'Node', metadata, spec };
}

/** The PodCapture that the controller creates for {@link checkpoint}. */
export function capture(
  parts: {
    readonly spec?: Partial<PodCaptureSpec>;
    readonly metadata?: Partial<PodCapture['metadata']>;
    readonly status?: PodCaptureStatus;
  } = {},
): PodCapture {
  return {
    apiVersion: API_VERSION,
    kind: 'PodCapture',
    metadata: {
      name: captureName({ name: 'look', uid: 'uid-look' }),
      namespace: 'shop',
      uid: 'uid-capture',
      resourceVersion: '9',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:05Z',
      finalizers: [RELEASE_FINALIZER],
      labels: { 'stasis.dev/checkpoint-uid': 'uid-look' },
      ownerReferences: [
        { apiVersion: API_VERSION, kind: 'Checkpoint', name: 'look', uid: 'uid-look', controller: true },
      ],
      ...parts.metadata,
    },
    spec: {
      nodeName: 'node-1',
      podName: 'web-0',
      podUID: 'pod-uid-1',
      containers: [{ name: 'app', containerID: 'aaa' }],
      freezer: 'Auto',
      timeoutSeconds: 10,
      dryRun: false,
      ...parts.spec,
    },
    ...(parts.status === undefined ? {} : { status: parts.status }),
  };
}

export function condition(
  type: ConditionType,
  status: Condition['status'],
  reason: string,
  message = 'so it is',
): Condition {
  return { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:06Z' };
}

/** What the API server would refuse in the status of a Checkpoint. */
export function objectionsTo(status: Checkpoint['status']): string[] {
  const schema = property(schemaOf('Checkpoint'), 'status');
  return status === undefined ? [] : schemaViolations(schema as Parameters<typeof schemaViolations>[0], status);
}

/** The final status that an agent reports. */
export function endedAs(reason: Reason, status: 'True' | 'False' = 'True'): PodCaptureStatus {
  return {
    claimedBy: 'agent-1',
    startTime: '2026-01-01T00:00:06Z',
    completionTime: '2026-01-01T00:00:07Z',
    conditions: [condition('Succeeded', status, reason), condition('Released', 'True', 'FreezersRestored')],
    processes: 3,
    threads: 10,
    timings: timings({ pauseMicroseconds: 12_345 }),
  };
}

/** The status that an agent reports while the capture is in progress. */
export function under(reason: 'Capturing' | 'Holding', startTime = '2026-01-01T00:00:06Z'): PodCaptureStatus {
  const held = reason === 'Holding' ? [condition('Held', 'True', 'Holding')] : [];
  return { claimedBy: 'agent-1', startTime, conditions: [condition('Succeeded', 'Unknown', reason), ...held] };
}

export function undispatched(parts: Partial<Undispatched> = {}): Undispatched {
  const subject = parts.checkpoint ?? checkpoint();
  return {
    stage: 'Undispatched',
    now: NOW,
    checkpoint: subject,
    captureName: captureName(subject.metadata),
    pod: pod(),
    agent: 'Alive',
    predecessor: undefined,
    runtimeHandler: undefined,
    shownFor: undefined,
    settings: SETTINGS,
    ...parts,
  };
}

export function settled(parts: Partial<Settled> = {}): Settled {
  const subject = parts.checkpoint ?? checkpoint();
  return {
    stage: 'Settled',
    now: NOW,
    checkpoint: subject,
    captureName: captureName(subject.metadata),
    capture: undefined,
    agent: 'Alive',
    dispatchedFor: undefined,
    pod: { known: false },
    node: { known: false },
    nodeWasSchedulable: false,
    isExcess: false,
    settings: SETTINGS,
    ...parts,
  };
}
