/** Plays controller and agent for the holds of the plugin's tests. */
import type { Checkpoint } from '../../../../src/api/kinds.js';
import { isOver } from '../../../../src/cli/kubectl/hold-state.js';
import type { FakePlugin } from './surroundings.js';

export interface Played {
  /** Milliseconds from the creation until the pod is held. Default 200. */
  readonly heldAfter?: number;
  /** Milliseconds from the release until the pod is let go. Default 20. */
  readonly letGoAfter?: number;
}

/** Holds the pod of each Checkpoint, and lets it go when its time is over or it is released. */
export function playController(plugin: FakePlugin, { heldAfter = 200, letGoAfter = 20 }: Played = {}): void {
  plugin.script.onCreated = (checkpoint) => plugin.later(heldAfter, () => hold(plugin, checkpoint));
  plugin.script.onPatched = ({ name }) => plugin.later(letGoAfter, () => letGo(plugin, name, 'ReleaseRequested'));
}

export function hold(plugin: FakePlugin, { metadata: { name }, spec }: Checkpoint): void {
  const now = plugin.checkpoint(name);
  if (now === undefined || isOver(now)) return;
  const milliseconds = (spec.hold?.seconds ?? 0) * 1000;
  plugin.report(
    name,
    [
      ['Held', 'True', 'Holding', 'every task of the pod stands still'],
      ['Succeeded', 'Unknown', 'Holding', 'the processes were read, and the pod is held'],
    ],
    { heldFrom: plugin.time(0), holdUntil: plugin.time(milliseconds) },
  );
  plugin.later(milliseconds, () => letGo(plugin, name, 'HoldElapsed'));
}

export function letGo(plugin: FakePlugin, name: string, reason: string, message = ''): void {
  const checkpoint = plugin.checkpoint(name);
  if (checkpoint === undefined || isOver(checkpoint)) return;
  const asked = reason === 'ReleaseRequested' || reason === 'HoldElapsed';
  const heldFrom = checkpoint.status?.heldFrom;
  plugin.report(
    name,
    [
      ['Held', 'False', reason, message],
      ['Succeeded', asked ? 'True' : 'False', asked ? 'Captured' : 'HoldCutShort', message],
      ['Finished', 'True', 'Captured'],
    ],
    heldFrom === undefined ? {} : { heldUntil: plugin.time(0) },
  );
}
