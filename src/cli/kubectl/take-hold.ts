/** Creates the Checkpoint that holds a pod, and waits until every task of the pod stands still. */
import { podNameOf } from '../../api/checkpoint-pod.js';
import { findCondition } from '../../api/conditions.js';
import { CHECKPOINTS, type Checkpoint } from '../../api/kinds.js';
import { withDeadline } from '../../kube/abort.js';
import { awaitCheckpoint } from './await-checkpoint.js';
import { createCheckpoint, notCreated, type Wanted } from './create-checkpoint.js';
import { afterSignal } from './exit-codes.js';
import { heldCondition, isHeld, isOver, whyOver } from './hold-state.js';
import { progressLine } from './progress.js';
import type { HoldSignals } from './hold-signals.js';
import { nextStep } from './next-step.js';
import { ownEnd, releaseHold, staysHeld } from './release-hold.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { fail } from './with-cluster.js';

/** The reasons of a Checkpoint whose pod nobody has touched yet. */
const WAITING_REASONS = ['Pending', 'PodBusy', 'NodeBusy', 'NodeAgentUnavailable', 'DispatchForbidden'] as const;
/** A person who has pressed Ctrl-C does not wait for long. */
const REMOVAL_MILLISECONDS = 5_000;

export type Taken =
  | { readonly kind: 'held'; readonly checkpoint: Checkpoint }
  /** The pod is not held, and the reason was told. */
  | { readonly kind: 'not-held'; readonly status: number };

/** The surroundings of a hold while it is taken and released: `signal` and `giveUp` come from its signals. */
export type Holding = Surroundings & Pick<HoldSignals, 'giveUp'>;

/** Asks for the release if anything goes wrong before the pod is held: nobody would wait for such a hold any more. */
export async function takeHold(surroundings: Holding, cluster: Cluster, wanted: Wanted): Promise<Taken> {
  const created = await createCheckpoint(surroundings, cluster, wanted);
  if (!created.ok) return { kind: 'not-held', status: await notCreated(surroundings, created.message) };
  const { checkpoint } = created;
  const { name } = checkpoint.metadata;
  const awaited = await awaitCheckpoint(surroundings, cluster, {
    checkpoint,
    until: (seen) => isHeld(seen) || isOver(seen),
    signal: surroundings.signal,
    tell: teller(surroundings),
  });
  switch (awaited.kind) {
    case 'reached':
      if (isOver(awaited.checkpoint)) return await endedBefore(surroundings, awaited.checkpoint);
      if (surroundings.signal.aborted) return await interrupted(surroundings, cluster, checkpoint);
      return { kind: 'held', checkpoint: awaited.checkpoint };
    case 'interrupted':
      return await interrupted(surroundings, cluster, awaited.checkpoint);
    case 'gone': {
      const status = await fail(surroundings, `Checkpoint ${name} was deleted before the pod was held; it is let go`);
      return { kind: 'not-held', status };
    }
    case 'lost': {
      const undone = await undo(surroundings, cluster, checkpoint);
      return { kind: 'not-held', status: await fail(surroundings, `${awaited.message}; ${undone.text}`) };
    }
    default:
      return awaited satisfies never;
  }
}

/** Shows the progress, and says once that the kernel keeps the hold from being whole. */
function teller({ terminal, clock }: Surroundings): (checkpoint: Checkpoint, trouble?: string) => Promise<void> {
  const began = clock.monotonic();
  let said = '';
  return async (checkpoint, trouble) => {
    const held = heldCondition(checkpoint);
    const incomplete = held?.status === 'Unknown' && held.reason === 'Holding' ? held.message : '';
    if (incomplete !== '' && incomplete !== said) {
      said = incomplete;
      await terminal.say(`not held as a whole yet: ${incomplete}; waiting for them`);
    }
    await terminal.progress(
      trouble ?? progressLine(checkpoint, terminal.redraws ? clock.monotonic() - began : undefined),
    );
  };
}

async function endedBefore(surroundings: Surroundings, checkpoint: Checkpoint): Promise<Taken> {
  const { reason, message } = whyOver(checkpoint);
  const why = `${reason}${message === '' ? '' : `: ${message}`}; see: ${nextStep(reason, checkpoint)}`;
  return { kind: 'not-held', status: await fail(surroundings, `pod/${podNameOf(checkpoint)} is not held: ${why}`) };
}

async function interrupted(surroundings: Holding, cluster: Cluster, checkpoint: Checkpoint): Promise<Taken> {
  const undone = await undo(surroundings, cluster, checkpoint);
  const what = waits(checkpoint) ? await withdraw(surroundings, cluster, checkpoint, undone) : undone.text;
  await surroundings.terminal.say(`interrupted; ${what}`);
  return { kind: 'not-held', status: afterSignal(String(surroundings.signal.reason)) };
}

/**
 * Deletes a Checkpoint that waits for its turn: after a release alone it would still read the pod then, which pauses the pod for a
 * moment. It is released already, so that nothing depends on this request. Returns what became of it, for people.
 */
async function withdraw(
  { clock }: Pick<Holding, 'clock'>,
  { api }: Cluster,
  checkpoint: Checkpoint,
  undone: Undone,
): Promise<string> {
  const { namespace = '', name, uid } = checkpoint.metadata;
  const answer = await withDeadline(
    clock,
    REMOVAL_MILLISECONDS,
    undefined,
    async (signal) => await api.remove(CHECKPOINTS, { namespace, name, uid, signal }),
  );
  if (answer.ok) return `Checkpoint ${name} waited for its turn, and is deleted: the pod is not touched`;
  if (!undone.accepted) return undone.text;
  return `Checkpoint ${name} waits for its turn, and pauses the pod for a moment then, unless: kubectl delete checkpoint ${name} -n ${namespace}`;
}

function waits({ status }: Checkpoint): boolean {
  const reason = findCondition(status?.conditions, 'Succeeded')?.reason;
  return WAITING_REASONS.some((waiting) => waiting === reason);
}

/** `text` says what became of a release, for people. */
interface Undone {
  readonly accepted: boolean;
  readonly text: string;
}

/** Releases a pod that nobody waits for, and tries until the hold is over by itself. Returns what became of it, for people. */
export async function undo(
  { clock, terminal, giveUp }: Pick<Holding, 'clock' | 'terminal' | 'giveUp'>,
  cluster: Cluster,
  checkpoint: Checkpoint,
): Promise<Undone> {
  const { name } = checkpoint.metadata;
  const deadline = ownEnd(checkpoint, clock.monotonic());
  const onTrouble = async (message: string): Promise<void> =>
    await terminal.say(
      `Checkpoint ${name} cannot be released yet: ${message}; tries again until the hold ends by itself`,
    );
  const released = await releaseHold({ clock }, cluster, { checkpoint, deadline, giveUp, onTrouble });
  switch (released.kind) {
    case 'accepted':
      return { accepted: true, text: `Checkpoint ${name} is released` };
    case 'gone':
      return { accepted: true, text: `Checkpoint ${name} was deleted, which lets the pod go` };
    case 'unsent':
      return {
        accepted: false,
        text: `Checkpoint ${name} could not be released until its hold was over by itself (${released.message})`,
      };
    case 'refused':
    case 'given-up':
      return {
        accepted: false,
        text: `Checkpoint ${name} could not be released (${released.message}); if the pod is held, ${staysHeld(checkpoint)}`,
      };
    default:
      return released satisfies never;
  }
}
