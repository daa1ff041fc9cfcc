/** A state folder to which no journal can be written: nothing may be frozen, and the command says why. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { scratchDirectory } from '../kernel/harness/scratch.js';
import { makeGround, SHAPES } from './ground.js';
import type { HardCase } from './hard-case.js';
import { now, since, until } from './scene.js';
import { startVictim } from './victim.js';

/** The bound of the refusal, in milliseconds: it includes the start of Node on a busy machine. */
const BOUND_MS = 30_000;
const REASON = 'GuardUnavailable';

/** Mounts a tmpfs on $0 in a mount namespace of its own, and prepares it by the command $1. */
const MOUNT = 'mount -t tmpfs -o size=8k,mode=0700 none "$0" && eval "$1" && shift && exec "$@"';
const FULL = 'dd if=/dev/zero of="$0/filler" bs=4k 2> /dev/null; true';
const READ_ONLY = 'mount -o remount,ro "$0"';

export const fullState = refused('disk-full', 'disk full: the capture is refused', FULL);
export const readOnlyState = refused('state-read-only', 'state folder read-only: the capture is refused', READ_ONLY);
export const goneState = refused('state-gone', 'state folder gone: the capture is refused', undefined);

function refused(name: string, row: string, preparation: string | undefined): HardCase {
  return {
    name,
    row,
    bound: BOUND_MS,
    versions: ['v1', 'v2'],
    run: async (version) => {
      const [shape] = SHAPES;
      if (shape === undefined) throw new Error('there is no shape');
      const ground = await makeGround(shape, version);
      const folder = join(scratchDirectory(), 'state');
      mkdirSync(folder, { mode: 0o700 });
      const mounted = ['unshare', '-m', 'sh', '-c', MOUNT, folder, preparation ?? ''];
      const at = now();
      const victim = startVictim({
        cgroup: ground.cgroup.directory,
        state: preparation === undefined ? '/proc/gone/state' : folder,
        hold: true,
        fault: 'none',
        repeat: 1,
        ...(preparation === undefined ? {} : { before: mounted }),
      });
      let held = false;
      const ended = await until(() => (held ||= ground.held()) || victim.ended(), 2 * BOUND_MS);
      const milliseconds = since(at);
      const left = ground.harm();
      if (held) left.push('it was captured without a journal');
      else if (!ended) left.push('the command did not end');
      else if (victim.status() === 0) left.push('the command says that it succeeded');
      else if (!victim.stderr().includes(REASON)) left.push(`it says: ${victim.stderr()}`);
      return { milliseconds, held: false, left };
    },
  };
}
