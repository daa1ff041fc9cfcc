/** A cluster with one capture that has an artifact, for the tests of the commands that bring it. */
import { createHash } from 'node:crypto';
import { CHECKPOINTS, PODCAPTURES, type PodCapture } from '../../../../src/api/kinds.js';
import { answering, putAgents } from './stasis-cluster.js';
import { FakePlugin, type FakePluginOptions } from './surroundings.js';

export const UID = '0f8fad5b-d9cb-469f-a165-70867728950e';

interface Stored {
  /** The fields that differ from the true size, digest and path; null: there is no artifact. */
  readonly artifact?: Partial<NonNullable<PodCapture['status']>['artifact']> | null;
  /** The artifact as the agent has it. */
  readonly text: string;
  readonly status?: object;
  readonly options?: FakePluginOptions;
}

/** A capture of web-0 with an artifact on node-1, whose agent answers with the text. */
export function clusterWithArtifact({ artifact = {}, text, status = {}, options = {} }: Stored): FakePlugin {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const plugin = new FakePlugin(options);
  putAgents(plugin.model, ['node-1']);
  const { namespace } = plugin;
  const created = { namespace, uid: UID, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  const done = { type: 'Succeeded', status: 'True', reason: 'Captured', message: '', lastTransitionTime: '' } as const;
  const whole = {
    path: `/var/lib/stasis/${UID}.json`,
    sizeBytes: Buffer.byteLength(text),
    sha256,
    command: '',
  };
  plugin.model.put(CHECKPOINTS, {
    apiVersion: 'stasis.dev/v1alpha1',
    kind: 'Checkpoint',
    metadata: { ...created, name: 'web-0-x7k2p', uid: 'uid-checkpoint' },
    spec: { podName: 'web-0' },
    status: {
      conditions: [done],
      pods: [{ podName: 'web-0', podUID: 'u', nodeName: 'node-1', captureName: 'web-0-8e03', state: 'Succeeded' }],
    },
  });
  plugin.model.put(PODCAPTURES, {
    apiVersion: 'stasis.dev/v1alpha1',
    kind: 'PodCapture',
    metadata: { ...created, name: 'web-0-8e03' },
    spec: {
      nodeName: 'node-1',
      podName: 'web-0',
      podUID: 'u',
      containers: [{ name: 'app', containerID: 'a' }],
      freezer: 'Auto',
      timeoutSeconds: 10,
      dryRun: false,
    },
    status: {
      startTime: '2026-01-01T00:00:00Z',
      completionTime: '2026-01-01T00:00:01Z',
      timings: { pauseMicroseconds: 1 },
      conditions: [done],
      ...status,
      ...(artifact === null ? {} : { artifact: { ...whole, ...artifact } }),
    },
  });
  plugin.exec = answering(text, { errors: `sha256 ${sha256}\n` });
  return plugin;
}
