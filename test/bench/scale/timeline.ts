/** Makes Checkpoints, and follows by watches what becomes of each. All times are of this process's monotonic clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { findCondition, hasEnded } from '../../../src/api/conditions.js';
import {
  CHECKPOINTS,
  PODCAPTURES,
  type Checkpoint,
  type CheckpointSpec,
  type PodCapture,
} from '../../../src/api/kinds.js';
import { describeError } from '../../../src/kube/result.js';
import type { KubeObject, Resource } from '../../../src/kube/types.js';
import type { Admin } from './admin.js';

export interface Story {
  readonly namespace: string;
  readonly name: string;
  readonly podName: string;
  /** When the request was sent that created it. */
  readonly sent: number;
  /** When the first status that the controller wrote was seen. */
  firstStatus?: number;
  /** When the agent's claim was seen. */
  claimed?: number;
  held?: number;
  /** When the agent let a held pod go. */
  letGo?: number;
  /** When the end was seen on the Checkpoint. */
  finished?: number;
  /** The reason of Succeeded at the end. */
  reason?: string;
  message?: string;
}

/** Reasons that the API server itself writes into a status that nobody has written yet. */
const DEFAULT_REASON = 'Pending';
const WATCH_SECONDS = 600;

export class Timeline {
  readonly stories = new Map<string, Story>();
  readonly #admin: Admin;
  readonly #stop = new AbortController();
  readonly #looks = new Set<() => void>();

  constructor(admin: Admin) {
    this.#admin = admin;
  }

  /** Begins to watch. Resolves when both watches are open. */
  async open(): Promise<void> {
    await Promise.all([
      this.#follow<Checkpoint>(CHECKPOINTS, (object) => this.#seeCheckpoint(object)),
      this.#follow<PodCapture>(PODCAPTURES, (object) => this.#seeCapture(object)),
    ]);
  }

  close(): void {
    this.#stop.abort();
  }

  async create(namespace: string, name: string, spec: CheckpointSpecInput): Promise<Story> {
    const story: Story = { namespace, name, podName: spec.podName, sent: performance.now() };
    this.stories.set(`${namespace}/${name}`, story);
    await this.#admin.post(`/apis/stasis.dev/v1alpha1/namespaces/${namespace}/checkpoints`, {
      apiVersion: 'stasis.dev/v1alpha1',
      kind: 'Checkpoint',
      metadata: { name },
      spec,
    });
    return story;
  }

  /** Resolves to whether `condition` held within the time. It is tested after every event. */
  async until(condition: () => boolean, milliseconds: number): Promise<boolean> {
    if (condition()) return true;
    return await new Promise((resolve) => {
      const end = (met: boolean): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        resolve(met);
      };
      const look = (): void => {
        if (condition()) end(true);
      };
      const timer = setTimeout(() => end(condition()), milliseconds);
      this.#looks.add(look);
    });
  }

  #seeCheckpoint({ metadata, status }: Checkpoint): void {
    const story = this.stories.get(`${metadata.namespace}/${metadata.name}`);
    if (story === undefined) return;
    const succeeded = findCondition(status?.conditions, 'Succeeded');
    if (succeeded !== undefined && succeeded.reason !== DEFAULT_REASON) story.firstStatus ??= performance.now();
    if (hasEnded(status)) {
      story.finished ??= performance.now();
      story.reason = succeeded?.reason ?? '';
      story.message = succeeded?.message ?? '';
    }
  }

  #seeCapture({ metadata, status }: PodCapture): void {
    const owner = metadata.ownerReferences?.[0]?.name ?? '';
    const story = this.stories.get(`${metadata.namespace}/${owner}`);
    if (story === undefined || status?.claimedBy === undefined) return;
    story.claimed ??= performance.now();
    const held = findCondition(status.conditions, 'Held');
    if (held?.status === 'True') story.held ??= performance.now();
    if (held?.status === 'False') story.letGo ??= performance.now();
  }

  /** Lists no past: the watch begins at the present. A watch that ends is opened again at its last version. */
  async #follow<T extends KubeObject>(resource: Resource<T>, see: (object: T) => void): Promise<void> {
    const listed = await this.#admin.api.list(resource, { limit: 1 });
    if (!listed.ok) throw new Error(describeError(listed.error));
    let version = listed.value.metadata.resourceVersion;
    const { signal } = this.#stop;
    const watch = async (): Promise<void> => {
      const events = await this.#admin.api.watch(resource, {
        resourceVersion: version,
        timeoutSeconds: WATCH_SECONDS,
        signal,
      });
      if (!events.ok) {
        await sleep(100);
        return;
      }
      for await (const event of events.value) {
        if (event.type === 'ERROR') return;
        if (event.type === 'BOOKMARK') {
          version = event.resourceVersion;
          continue;
        }
        version = event.object.metadata.resourceVersion;
        if (event.type !== 'DELETED') see(event.object);
        for (const look of this.#looks) look();
      }
    };
    void (async () => {
      while (!signal.aborted) await watch();
    })();
  }
}

export type CheckpointSpecInput = Partial<Omit<CheckpointSpec, 'hold'>> & {
  readonly podName: string;
  readonly hold?: { readonly seconds: number };
};
