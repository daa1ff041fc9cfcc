/** Runs `hold -- COMMAND` for unit tests: the pod comes to be held, and the command ends after a time. */
import type { LocalEnd } from '../../../../src/cli/kubectl/programs.js';
import { playController, type Played } from './play-controller.js';
import type { Call } from './scripted-api.js';
import { FakePlugin } from './surroundings.js';

export const NAME = 'web-0-x7k1p';
export const RUN = ['hold', 'pod/web-0', '--for', '10m', '--', './snapshot.sh', 'a b'];
export const NOT_COVERED = 'error: the hold did not cover the whole run of the command: ';

/** Holds the pod after 200 ms, and runs a command that ends after the given time in the given way. */
export function running(
  milliseconds: number,
  how: LocalEnd = { kind: 'exited', status: 0 },
  played: Played = {},
): FakePlugin {
  const plugin = new FakePlugin();
  playController(plugin, played);
  plugin.programs.onStart = (end) => plugin.later(milliseconds, () => end(how));
  return plugin;
}

export const isPatch = ({ verb }: Call): boolean => verb === 'patch';

/** The number of releases that were sent. */
export const patches = (plugin: FakePlugin): number => plugin.script.calls.filter(isPatch).length;
