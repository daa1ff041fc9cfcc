/** Reads everything that a visit needs to know. No other file of the reconcile path reads. */
import { podNameOf } from '../api/checkpoint-pod.js';
import type { Checkpoint, PodCapture } from '../api/kinds.js';
import { RELEASE_FINALIZER } from '../api/kinds.js';
import type { KubeApi } from '../kube/api.js';
import { isNotFound, success, type KubeResult } from '../kube/result.js';
import type { KubeObject, Resource } from '../kube/types.js';
import { checkpointUIDsOf, ownerOf, podKeyOf, projectCapture, projectCheckpoint, type Caches } from './caches.js';
import type { CheckpointMemory, Remembered } from './checkpoint-memory.js';
import { findCondition, hasEnded } from '../api/conditions.js';
import { isOverdue } from './rules/deadline.js';
import type { HoldFacts } from './hold-watches.js';
import type { AgentState, Observation, Orphan, Predecessor, Settings, Settled, Undispatched } from './observation.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE, PODS, RUNTIME_CLASSES, type Pod } from './resources.js';
import { TRY_AGAIN_MILLISECONDS } from './rules/dispatch.js';
import { isBefore } from './waiting.js';

export interface World {
  readonly api: Pick<KubeApi, 'get'>;
  readonly caches: Caches;
  readonly agents: { stateOf(nodeName: string): AgentState };
  readonly holds: HoldFacts;
  readonly memory: Pick<CheckpointMemory, 'of'>;
  readonly history: { isExcess(checkpoint: Checkpoint): boolean };
  readonly settings: Settings;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
  /** Milliseconds since an arbitrary start. */
  readonly monotonic: () => number;
}

/**
 * Observes the Checkpoint of this key; undefined when it is gone. Caches may be outdated, so an irreversible step rests
 * on what the server says at that moment: a Checkpoint that may be dispatched is read, then the pod that it names, and a
 * PodCapture counts as gone only when the server says so.
 */
export async function observeCheckpoint(world: World, key: string): Promise<KubeResult<Observation | undefined>> {
  const cached = world.caches.checkpoints.get(key);
  if (cached === undefined) return success(undefined);
  if (!mayDispatch(world, cached)) return observeSettled(world, cached);
  const now = world.wall();
  if (isOverdue(cached, now) || isQueued(world.caches, cached))
    return success({ stage: 'Queued', checkpoint: cached, now });
  const deniedFor = sinceRemembered(world, cached, 'denied');
  if (deniedFor !== undefined && deniedFor < TRY_AGAIN_MILLISECONDS)
    return success({ stage: 'Denied', checkpoint: cached, deniedFor, now });
  const { namespace = '', name, uid } = cached.metadata;
  const live = await look(world, CHECKPOINT_RESOURCE, { namespace, name });
  if (!live.ok) return live;
  if (live.value === undefined) return success(undefined);
  const checkpoint = projectCheckpoint(live.value);
  world.caches.checkpoints.upsert(checkpoint);
  if (checkpoint.metadata.uid !== uid) return success({ stage: 'Replaced', checkpoint, now: world.wall() });
  if (!mayDispatch(world, checkpoint)) return observeSettled(world, checkpoint);
  // The name of the pod comes from the answer, so the pod is read after it: the cache may still have an object of the same
  // name that was about another pod.
  const pod = await look(world, PODS, { namespace, name: podNameOf(checkpoint) });
  if (!pod.ok) return pod;
  const runtimeHandler = await handlerOf(world, pod.value);
  if (!runtimeHandler.ok) return runtimeHandler;
  return success(undispatched(world, checkpoint, pod.value, runtimeHandler.value));
}

/**
 * Whether the Checkpoint was looked at before, and still waits behind others of its pod. Thousands may wait for one pod,
 * so such a visit must cost no request and no search through all of them.
 */
function isQueued(caches: Caches, checkpoint: Checkpoint): boolean {
  const { status } = checkpoint;
  if (findCondition(status?.conditions, 'Succeeded')?.reason !== 'PodBusy') return false;
  const podUID = status?.pods?.[0]?.podUID;
  const podKey = podKeyOf(checkpoint);
  const isRunning = caches.captures.byIndex('runningPod', podKey).some(({ spec }) => spec.podUID === podUID);
  return isRunning || firstBefore(caches, checkpoint, podKey) !== undefined;
}

/** The handler of the pod's RuntimeClass. A class that is gone may have had the name of its handler, as is usual. */
async function handlerOf(world: World, pod: Pod | undefined): Promise<KubeResult<string | undefined>> {
  const name = pod?.spec.runtimeClassName;
  if (name === undefined) return success(undefined);
  const found = await look(world, RUNTIME_CLASSES, { name });
  return found.ok ? success(found.value?.handler ?? name) : found;
}

/** Observes a PodCapture without a known Checkpoint; undefined when it has a Checkpoint or is gone itself. */
export async function observeOrphan(world: World, key: string): Promise<KubeResult<Orphan | undefined>> {
  const capture = world.caches.captures.get(key);
  if (capture === undefined || isOwned(world.caches, capture)) return success(undefined);
  for (const { name, uid } of ownerOf(capture)) {
    const owner = await look(world, CHECKPOINT_RESOURCE, { namespace: capture.metadata.namespace ?? '', name });
    if (!owner.ok) return owner;
    if (owner.value?.metadata.uid === uid) return success(undefined);
  }
  const agent = world.agents.stateOf(capture.spec.nodeName);
  return success({ stage: 'Orphan', capture, agent, now: world.wall() });
}

/** Whether the Checkpoint of this capture exists, also when the capture lost its ownerReferences. */
export function isOwned(caches: Caches, capture: PodCapture): boolean {
  return checkpointUIDsOf(capture)
    .flatMap((uid) => caches.checkpoints.byIndex('uid', uid))
    .some((checkpoint) => caches.captureName(checkpoint) === capture.metadata.name);
}

/** A PodCapture that this process created and that is gone without a report is never created a second time. */
export function mayDispatch({ caches, memory }: Pick<World, 'caches' | 'memory'>, checkpoint: Checkpoint): boolean {
  if (checkpoint.metadata.deletionTimestamp !== undefined || hasEnded(checkpoint.status)) return false;
  if (isDispatched(checkpoint) || memory.of(checkpoint.metadata.uid).dispatched !== undefined) return false;
  return captureOf(caches, checkpoint) === undefined;
}

function isDispatched({ status }: Checkpoint): boolean {
  return findCondition(status?.conditions, 'Dispatched')?.status === 'True';
}

async function observeSettled(world: World, checkpoint: Checkpoint): Promise<KubeResult<Settled>> {
  const { caches, agents, holds } = world;
  const name = caches.captureName(checkpoint);
  let capture = captureOf(caches, checkpoint);
  if (capture === undefined && !isOver(checkpoint)) {
    const { namespace = '' } = checkpoint.metadata;
    const live = await look(world, PODCAPTURE_RESOURCE, { namespace, name });
    if (!live.ok) return live;
    capture = live.value && isFor(live.value, checkpoint) ? projectCapture(live.value) : undefined;
    if (capture !== undefined) caches.captures.upsert(capture);
  }
  return success({
    stage: 'Settled',
    now: world.wall(),
    checkpoint,
    captureName: name,
    capture,
    agent: capture === undefined ? 'Alive' : agents.stateOf(capture.spec.nodeName),
    dispatchedFor: sinceRemembered(world, checkpoint, 'dispatched'),
    pod: capture === undefined ? { known: false } : holds.podOf(capture),
    node: capture === undefined ? { known: false } : holds.nodeOf(capture),
    nodeWasSchedulable: capture !== undefined && holds.nodeWasSchedulable(capture),
    isExcess: world.history.isExcess(checkpoint),
    settings: world.settings,
  });
}

/** Milliseconds since what this process remembers of the Checkpoint. */
export function sinceRemembered(
  { memory, monotonic }: Pick<World, 'memory' | 'monotonic'>,
  { metadata }: Checkpoint,
  what: keyof Remembered,
): number | undefined {
  const moment = memory.of(metadata.uid)[what];
  return moment === undefined ? undefined : monotonic() - moment;
}

/** Whether it no longer matters if there is a PodCapture. */
function isOver({ metadata, status }: Checkpoint): boolean {
  return hasEnded(status) && metadata.finalizers?.includes(RELEASE_FINALIZER) !== true;
}

function undispatched(
  world: World,
  checkpoint: Checkpoint,
  pod: Pod | undefined,
  runtimeHandler: string | undefined,
): Undispatched {
  const nodeName = pod?.spec.nodeName ?? '';
  return {
    stage: 'Undispatched',
    now: world.wall(),
    checkpoint,
    captureName: world.caches.captureName(checkpoint),
    pod,
    agent: nodeName === '' ? 'Away' : world.agents.stateOf(nodeName),
    predecessor: pod === undefined ? undefined : predecessorOf(world.caches, checkpoint, pod),
    runtimeHandler,
    shownFor: sinceRemembered(world, checkpoint, 'shown'),
    settings: world.settings,
  };
}

/**
 * Returns a capture of the same pod (same UID) that has not ended, whichever Checkpoint it belongs to; otherwise the
 * earliest Checkpoint that was created before this one and waits for the pod.
 */
function predecessorOf(caches: Caches, checkpoint: Checkpoint, pod: Pod): Predecessor | undefined {
  const podKey = podKeyOf(checkpoint);
  const running = caches.captures.byIndex('runningPod', podKey).find(({ spec }) => spec.podUID === pod.metadata.uid);
  if (running !== undefined) return { kind: 'PodCapture', name: running.metadata.name };
  const first = firstBefore(caches, checkpoint, podKey);
  return first === undefined ? undefined : { kind: 'Checkpoint', name: first.metadata.name };
}

/** The first in the line of the pod, if it comes before this Checkpoint. */
function firstBefore(caches: Caches, checkpoint: Checkpoint, podKey: string): Checkpoint | undefined {
  const [first] = caches.checkpoints.line('waiting', podKey);
  return first !== undefined && isBefore(first, checkpoint) ? first : undefined;
}

/** Returns the PodCapture of this Checkpoint, as far as the cache knows. */
export function captureOf(caches: Caches, checkpoint: Checkpoint): PodCapture | undefined {
  const { namespace = '' } = checkpoint.metadata;
  const capture = caches.captures.get(`${namespace}/${caches.captureName(checkpoint)}`);
  return capture !== undefined && isFor(capture, checkpoint) ? capture : undefined;
}

/**
 * Whether the capture was created for this Checkpoint. A PodCapture of the same name that somebody else created does
 * not count.
 */
function isFor(capture: PodCapture, { metadata }: Checkpoint): boolean {
  return checkpointUIDsOf(capture).includes(metadata.uid);
}

async function look<T extends KubeObject>(
  { api }: World,
  resource: Resource<T>,
  at: { readonly namespace?: string; readonly name: string },
): Promise<KubeResult<T | undefined>> {
  const answer = await api.get(resource, at);
  return !answer.ok && isNotFound(answer.error) ? success(undefined) : answer;
}
