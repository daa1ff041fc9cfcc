/** The agent is alive and does nothing, because it is stopped or its own cgroup is frozen. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { now } from '../../chaos/scene.js';
import { isAlive } from './agent.js';
import type { Row, Scene } from './row.js';
import { cgroupNamed, isClosed } from './site.js';

const TIMEOUT_SECONDS = 2;
const HOLD_SECONDS = 2;
/** One second after the capture's deadline. */
const DEADLINE_MS = (TIMEOUT_SECONDS + HOLD_SECONDS + 1) * 1000;
/** A guard knows nothing of a capture that was not held. Such a capture continues when the agent does. */
const REASONS = { held: ['NodeAgentRestarted'], short: ['Captured', 'NodeAgentRestarted'] };

export const stoppedAgent: Row = {
  name: 'stop',
  row: 'the agent is stopped (SIGSTOP), and continued when all is free',
  bound: DEADLINE_MS,
  timeoutSeconds: TIMEOUT_SECONDS,
  holdSeconds: HOLD_SECONDS,
  reasons: REASONS,
  harm: ({ agent }) => {
    const at = now();
    process.kill(agent.agent.pid, 'SIGSTOP');
    return Promise.resolve(at);
  },
  mend: ({ agent }) => {
    if (isAlive(agent.agent.pid)) process.kill(agent.agent.pid, 'SIGCONT');
    return Promise.resolve();
  },
};

export const frozenAgent: Row = {
  name: 'frozen-agent',
  row: "the agent's own cgroup is frozen by another tool",
  bound: DEADLINE_MS,
  timeoutSeconds: TIMEOUT_SECONDS,
  holdSeconds: HOLD_SECONDS,
  reasons: REASONS,
  harm: (scene) => {
    const at = now();
    freezer(scene, 'FROZEN', '1');
    return Promise.resolve(at);
  },
  mend: (scene) => {
    freezer(scene, 'THAWED', '0');
    return Promise.resolve();
  },
};

/** Writes the freezer of the agent's container. Does nothing when the container is gone. */
function freezer({ site, agent }: Scene, v1: string, v2: string): void {
  const directory = cgroupNamed(site.freezer, agent.agent.id);
  if (directory === undefined) return;
  if (site.version === 'v1') writeFileSync(join(directory, 'freezer.state'), v1);
  else if (isClosed(directory) !== (v2 === '1')) writeFileSync(join(directory, 'cgroup.freeze'), v2);
}
