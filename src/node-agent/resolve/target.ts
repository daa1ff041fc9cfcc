/**
 * From what the user named to the cgroups to capture.
 *
 * All of it happens while the workload runs and before anything is touched; a capture looks again at what it then
 * finds. What is read is the host's procfs and cgroupfs, no file of a pod.
 */
import { resolveCgroup } from './cgroup.js';
import { resolvePid } from './pid.js';
import { resolvePod } from './pod.js';
import type { Resolution, ResolveRoots, TargetRequest } from './request.js';

export type { Resolution, ResolveRoots, TargetRequest } from './request.js';

/**
 * Resolves a request into at least one cgroup, all of one pod of one cgroup version wherever that is possible.
 * A failure is one line for a person and names the value that it is about; nothing is thrown for bad input.
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
