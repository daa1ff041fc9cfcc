/** Runs a command of this machine while a pod is held, and lets the pod go whatever happens to the command. */
import { podNameOf } from '../../api/checkpoint-pod.js';
import type { Checkpoint } from '../../api/kinds.js';
import { afterSignal, FAILED, NOT_COVERED, SIGNAL_BASE } from './exit-codes.js';
import { PATIENCE_MILLISECONDS, type HoldSignals, type Outcome } from './hold-signals.js';
import { doubtOf } from './hold-state.js';
import { clockTime, heldLine, letGoLine } from './hold-text.js';
import type { LocalEnd, Running } from './programs.js';
import { proveRelease, whyNotHeld, type Proof } from './prove-release.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { ownEnd } from './release-hold.js';
import { undo, type Holding } from './take-hold.js';
import { watchHold } from './watch-hold.js';

/** The status with which a shell ends that cannot start a program: it may not be executed, or there is none. */
const CANNOT_EXECUTE = 126;
const NO_SUCH_PROGRAM = 127;

export interface UnderHold {
  /** The state in which the pod is held. */
  readonly checkpoint: Checkpoint;
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly signals: HoldSignals;
}

/** Returns the exit status of the plugin. */
export async function runUnderHold(
  surroundings: Holding,
  cluster: Cluster,
  { checkpoint, command: [file, ...words], signals }: UnderHold,
): Promise<number> {
  const { terminal, clock, programs } = surroundings;
  const deadline = ownEnd(checkpoint, clock.monotonic());
  // The arguments may have secrets, and standard errors end up in logs.
  await terminal.say(`${heldLine(checkpoint, clock.wall())}; runs ${file}`);
  const hasTerminal = await programs.hasTerminal();
  const watch = watchHold(surroundings, cluster, checkpoint, (over) => {
    tellOver(surroundings, over).catch(() => undefined);
  });
  let proof: Proof;
  let outcome: Outcome;
  try {
    const began = clock.monotonic();
    // A signal may have come just when the pod was seen to be held.
    const running = surroundings.signal.aborted
      ? notStarted(String(surroundings.signal.reason))
      : programs.start({ file, arguments: words, environment: environmentOf(checkpoint) });
    outcome = await signals.awaitEnd(running, hasTerminal);
    const ran = outcome.kind === 'unstarted' ? 0 : clock.monotonic() - began;
    // Nothing comes before the release: the pod stands still for nobody now.
    watch.stop();
    proof = await proveRelease(surroundings, cluster, {
      checkpoint: watch.last,
      token: `kubectl-stasis-${surroundings.suffix()}`,
      ran,
      deadline,
      giveUp: signals.giveUp,
      hurry: signals.hurry,
      onTrouble: async (message) =>
        await terminal.say(`the pod cannot be released yet: ${message}; tries again until ${untilText(checkpoint)}`),
    });
  } catch (error) {
    // A defect of the plugin must not leave the pod held.
    await undo(surroundings, cluster, checkpoint);
    throw error;
  } finally {
    watch.stop();
  }
  const told = watch.over !== undefined;
  return await conclude(surroundings, outcome, proof, told);
}

function notStarted(signal: string): Running {
  const ended = Promise.resolve({
    kind: 'unstarted',
    missing: false,
    message: `not started, because of ${signal}`,
  } as const);
  return { ended, send: () => undefined, leave: () => undefined };
}

function environmentOf({ metadata, spec, status }: Checkpoint): Readonly<Record<string, string>> {
  return {
    STASIS_CHECKPOINT: metadata.name,
    STASIS_NAMESPACE: metadata.namespace ?? '',
    STASIS_POD: podNameOf({ spec }),
    ...(status?.heldFrom === undefined ? {} : { STASIS_HELD_FROM: status.heldFrom }),
    ...(status?.holdUntil === undefined ? {} : { STASIS_HOLD_UNTIL: status.holdUntil }),
  };
}

/** The one line about a hold that did not cover the whole run, while the command still runs. */
async function tellOver({ terminal }: Surroundings, checkpoint: Checkpoint | undefined): Promise<void> {
  const why = checkpoint === undefined ? 'the Checkpoint was deleted, which lets the pod go' : whyNotHeld(checkpoint);
  await terminal.say(`error: the pod is not held any more, and the command goes on: ${why}`);
}

async function conclude(surroundings: Surroundings, outcome: Outcome, proof: Proof, told: boolean): Promise<number> {
  const { terminal } = surroundings;
  if (outcome.kind === 'unstarted') {
    await terminal.say(`error: ${outcome.message}`);
    if (proof.kind === 'not-covered') await terminal.say(proof.why);
    const { signal } = surroundings;
    return signal.aborted ? afterSignal(String(signal.reason)) : statusOfUnstarted(outcome);
  }
  if (outcome.kind === 'deaf') {
    const seconds = PATIENCE_MILLISECONDS / 1000;
    const doubt = proof.kind === 'covered' ? doubtOf(proof.checkpoint) : undefined;
    const state = proof.kind === 'covered' ? (doubt ?? 'the pod is let go') : proof.why;
    await terminal.say(
      `error: the command has not ended within ${seconds} s of the signal, and goes on without the hold; ${state}`,
    );
    return NOT_COVERED;
  }
  if (proof.kind === 'not-covered') {
    if (!told) await terminal.say(`error: the hold did not cover the whole run of the command: ${proof.why}`);
    else if (proof.stands !== undefined) await terminal.say(`error: ${proof.stands}`);
    return NOT_COVERED;
  }
  const isDoubtful = doubtOf(proof.checkpoint) !== undefined;
  await terminal.say(`${isDoubtful ? 'error: ' : ''}${letGoLine(proof.checkpoint)}`);
  if (isDoubtful) return FAILED;
  return outcome.kind === 'exited' ? outcome.status : SIGNAL_BASE + outcome.number;
}

export function statusOfUnstarted({ missing }: Extract<LocalEnd, { kind: 'unstarted' }>): number {
  return missing ? NO_SUCH_PROGRAM : CANNOT_EXECUTE;
}

function untilText({ status }: Checkpoint): string {
  const until = Date.parse(status?.holdUntil ?? '');
  return Number.isNaN(until) ? 'the hold ends by itself' : `${clockTime(until)}, when the hold ends by itself`;
}
