/** Checkpoints for tests of the commands that show them. */
import { CHECKPOINTS, type Checkpoint, type CheckpointPod, type CheckpointStatus } from '../../../../src/api/kinds.js';
import { timings } from '../../builders.js';
import type { FakePlugin } from './surroundings.js';

export interface Sample {
  readonly name: string;
  readonly namespace?: string;
  readonly created?: string;
  readonly status?: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly held?: boolean;
  readonly podName?: string;
  readonly pod?: Partial<CheckpointPod>;
  readonly more?: Omit<CheckpointStatus, 'conditions' | 'pods'>;
  readonly spec?: Partial<Checkpoint['spec']>;
  readonly annotations?: Record<string, string>;
}

/** A capture of web-0 that succeeded, unless told otherwise. The pause is 10.028 ms. */
export function checkpoint(sample: Sample): Checkpoint {
  const { name, namespace = 'shop', created = '2026-01-01T12:00:00Z', status = 'True', held = false } = sample;
  const { podName = 'web-0', reason = status === 'True' ? 'Captured' : 'FreezeTimeout', message = '' } = sample;
  const lastTransitionTime = created;
  return {
    apiVersion: 'stasis.dev/v1alpha1',
    kind: 'Checkpoint',
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: created,
      ...(sample.annotations === undefined ? {} : { annotations: sample.annotations }),
    },
    spec: { podName, ...sample.spec },
    status: {
      conditions: [
        { type: 'Succeeded', status, reason, message, lastTransitionTime },
        ...(held ? [{ type: 'Held', status: 'True' as const, reason: 'Holding', message, lastTransitionTime }] : []),
      ],
      ...(status === 'Unknown' ? {} : { completionTime: created }),
      pods: [
        {
          podName,
          podUID: 'pod-uid',
          nodeName: 'node-a',
          captureName: `${name}-0f8fad5bd9`,
          state: status === 'True' ? 'Succeeded' : 'Failed',
          pause: '10.028ms',
          processes: 12,
          threads: 40,
          timings: sampleTimings(),
          ...sample.pod,
        },
      ],
      ...sample.more,
    },
  };
}

export function sampleTimings(values: Parameters<typeof timings>[0] = {}): ReturnType<typeof timings> {
  return timings({
    resolveMicroseconds: 412,
    cgroupFreezeMicroseconds: 1204,
    seizeMicroseconds: 2011,
    stopMicroseconds: 800,
    cgroupThawMicroseconds: 20,
    collectMicroseconds: 5120,
    releaseMicroseconds: 873,
    freezingMicroseconds: 9155,
    pauseMicroseconds: 10_028,
    ...values,
  });
}

/** Stores the Checkpoints in the model of the API server. */
export function store(plugin: FakePlugin, ...samples: readonly Sample[]): void {
  for (const sample of samples) plugin.model.put(CHECKPOINTS, checkpoint(sample));
}
