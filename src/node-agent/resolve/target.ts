/**
 * Finds the cgroups to capture for a request of the user.
 *
 * All of this happens while the workload runs and before anything is touched; a capture looks again later. Only the host's procfs
 * and cgroupfs are read, no file of a pod.
 */
import { resolveCgroup } from './cgroup.js';
import { resolvePid } from './pid.js';
import { resolvePod } from './pod.js';
import type { Resolution, ResolveRoots, TargetRequest } from './request.js';

export type { Resolution, ResolveRoots, TargetRequest } from './request.js';

/**
 * Resolves a request into at least one cgroup. All cgroups of a pod are of one cgroup version wherever that is possible. A
 * failure is one line for a person and names the value that was refused; nothing is thrown for bad input.
 */
export function resolveTarget(request: TargetRequest, roots: ResolveRoots): Resolution {
  switch (request.kind) {
    case 'cgroup':
      return resolveCgroup(request.path, request.freezer, roots);
    case 'pid':
      return resolvePid(request.pid, request.freezer, roots);
    case 'pod':
      break;
  }
  return resolvePod(request.uid, request.freezer, roots);
}
