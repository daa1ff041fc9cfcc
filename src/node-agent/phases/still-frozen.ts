import { failure, type Failure } from '../failure.js';
import type { Target } from '../session.js';

/** Reading a v1 cgroup that someone else froze is worth something only if it was frozen all the time. */
export function stillFrozen(target: Target): Failure | undefined {
  if (target.way !== 'readOnly' || target.freezer?.state() === 'FROZEN') return undefined;
  return failure(
    'FreezerChanged',
    `${target.container.directory} was found FROZEN, and someone thawed it while it was being read`,
  );
}
