import { readFlag } from '../../cgroup/freezer.js';
import { failure, type Failure } from '../../pure/failure.js';
import type { Session, Target } from '../session.js';

/**
 * Checks that the v1 cgroups that somebody else froze are still frozen. Reading such a cgroup without tracing it is worth
 * something only if it was frozen all the time.
 */
export function stillFrozen(session: Session, target: Target): Failure | undefined {
  if (target.way === 'readOnly' && target.freezer?.state() !== 'FROZEN') return thawed(target.container.directory);
  for (const directory of target.frozenBelow) {
    if (!readFlag(session.kernel.files, `${directory}/freezer.self_freezing`)) return thawed(directory);
  }
  return undefined;
}

function thawed(directory: string): Failure {
  return failure('FreezerChanged', `${directory} was found FROZEN, and someone thawed it while it was being read`);
}
