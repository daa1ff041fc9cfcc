/** Another thread of the command waits for a disk that does not answer. SIGKILL ends all other threads and closes no descriptor. */
import { join } from 'node:path';

import { scratchDirectory } from '../kernel/harness/scratch.js';
import { startWorkload } from '../kernel/harness/workload.js';
import { makeGround, SHAPES } from './ground.js';
import type { HardCase } from './hard-case.js';
import { exactly, now, since, until } from './scene.js';
import { startVictim } from './victim.js';

const START_BOUND_MS = 20_000;
const PATIENCE_MS = 15_000;
const SPREAD_MS = 60;
/** Any read that was under way is answered within this time, in milliseconds. */
const SETTLE_MS = 50;

/** Code for the command: on SIGUSR2 a thread of libuv's pool reads the file again and again. */
const READER = `data:text/javascript,${encodeURIComponent(
  "import{isMainThread}from'node:worker_threads';import{readFile}from'node:fs';" +
    "if(isMainThread)process.once('SIGUSR2',()=>{const go=()=>readFile(process.env.STASIS_TEST_FILE,go);go();});",
)}`;

export const unkillable: HardCase = {
  name: 'unkillable',
  row: 'SIGKILL while another thread of it sits in an unkillable wait',
  bound: 1000,
  versions: ['v1', 'v2'],
  run: async (version, random) => {
    const [shape] = SHAPES;
    if (shape === undefined) throw new Error('there is no shape');
    const ground = await makeGround(shape, version);
    const directory = scratchDirectory();
    const server = await startWorkload(undefined, 'fuse-hang', [directory, 'read-later']);
    const victim = startVictim({
      cgroup: ground.cgroup.directory,
      state: join(scratchDirectory(), 'state'),
      hold: true,
      fault: 'none',
      environment: {
        NODE_OPTIONS: `--import=${READER}`,
        STASIS_TEST_FILE: `/proc/${server.pid}/root${directory}/f`,
      },
    });
    if (!(await until(() => ground.held(), START_BOUND_MS)))
      return { milliseconds: 0, held: false, left: [], missed: `it captured nothing: ${victim.stderr()}` };
    victim.kill('SIGUSR2');
    // The reader is ended, so that the READ that the server never answers is a READ of the command.
    process.kill(Number(/reader (\d+)/.exec(server.output())?.[1]), 'SIGKILL');
    exactly(SETTLE_MS);
    process.kill(server.pid, 'SIGUSR1');
    await until(() => server.output().includes('hanging'), START_BOUND_MS);
    exactly(random.between(0, SPREAD_MS));
    await until(() => ground.held(), START_BOUND_MS);
    const at = now();
    victim.kill('SIGKILL');
    const free = await until(() => ground.standing(at).length === 0, PATIENCE_MS);
    const milliseconds = since(at);
    const left = free ? [] : ground.standing(at);
    if (victim.ended()) left.push('the command could die after all: nothing was shown');
    server.stop();
    if (!(await until(() => victim.ended(), PATIENCE_MS))) left.push('the command is left');
    return { milliseconds, held: true, left: [...left, ...ground.harm()] };
  },
};
