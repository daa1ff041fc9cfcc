/** The texts of `kubectl stasis hold` about a pod that is held. Pure. */
import type { Checkpoint } from '../../api/kinds.js';
import { podNameOf } from '../../api/checkpoint-pod.js';
import { escapeMessage } from '../render-escape.js';
import { doubtOf, heldMilliseconds, holdTimes, whyOver } from './hold-state.js';

/** The ends of a hold that its author asked for. */
const ENDS: ReadonlySet<string> = new Set(['ReleaseRequested', 'HoldElapsed']);
/** Clocks that differ by more than this are worth a word. */
const CLOCKS_DIFFER_MILLISECONDS = 5_000;

/**
 * The text after a pod was held: since when and until when, what its probes will do, and how to let it go.
 *
 * @param now milliseconds since the epoch, by the clock of this machine
 */
export function heldText(checkpoint: Checkpoint, probes: readonly string[], now: number): string {
  const { namespace = '', name } = checkpoint.metadata;
  const lines = [
    `${heldLine(checkpoint, now)}.`,
    ...probes.map((line) => `  ${line}`),
    `To let it go earlier: kubectl stasis release ${name} -n ${namespace}`,
  ];
  return lines.map((line) => `${escapeMessage(line)}\n`).join('');
}

/** Returns one line about a pod that is held, without a full stop. */
export function heldLine(checkpoint: Checkpoint, now: number): string {
  const { from, until } = holdTimes(checkpoint);
  const since = from === undefined ? '' : ` since ${clockTime(from)}`;
  const seconds = checkpoint.spec.hold?.seconds ?? 0;
  if (until === undefined)
    return `pod/${podNameOf(checkpoint)} is held${since}, for at most ${spanText(seconds * 1000)}`;
  // The rest is never longer than the whole, whatever the clocks say.
  const left = Math.min(seconds * 1000, Math.max(0, until - now));
  const late = from === undefined ? 0 : now - from;
  const differ = late < -CLOCKS_DIFFER_MILLISECONDS || now - until > CLOCKS_DIFFER_MILLISECONDS;
  const clocks = differ
    ? `, by the clock of its node, which is ${spanText(Math.abs(late))} ${late < 0 ? 'ahead of' : 'behind'} this one`
    : ` (${spanText(left)} left)`;
  return `pod/${podNameOf(checkpoint)} is held${since}, until ${clockTime(until)}${clocks}`;
}

/** Returns one line about a hold that is over, without a full stop. */
export function letGoLine(checkpoint: Checkpoint): string {
  const held = heldMilliseconds(checkpoint);
  const pod = `pod/${podNameOf(checkpoint)}`;
  const { reason } = whyOver(checkpoint);
  const doubt = doubtOf(checkpoint);
  if (held !== undefined) {
    const early = ENDS.has(reason) ? '' : ` (${reason})`;
    return `${pod} was held for ${spanText(held, 1)}${early}, and ${doubt ?? 'runs again'}`;
  }
  const { from } = holdTimes(checkpoint);
  if (from !== undefined)
    return `${pod} was held since ${clockTime(from)}, until when is not known (${reason}), and ${doubt ?? 'runs again'}`;
  if (doubt !== undefined) return `${pod} was never seen to be held as a whole (${reason}), and ${doubt}`;
  return `${pod} runs, and was never held as a whole (${reason})`;
}

/** The time of day on this machine, such as `09:30:12`. */
export function clockTime(time: number): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((number) => String(number).padStart(2, '0'))
    .join(':');
}

/** A time such as `1h 2m 3s`. Below a minute it has as many `decimals` as asked for. */
export function spanText(milliseconds: number, decimals = 0): string {
  if (milliseconds < 60_000 - 0.5 * 10 ** (3 - decimals)) return `${(milliseconds / 1000).toFixed(decimals)}s`;
  const seconds = Math.round(milliseconds / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, unit]) => `${number}${unit}`)
    .join(' ');
}
