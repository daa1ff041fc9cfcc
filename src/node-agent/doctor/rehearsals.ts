/** The start-up rehearsal, by every freezer of the node. */
import type { Libc } from '../../native/libc.js';
import type { FreezerFacts, NodeFacts, Rehearsal } from '../pure/node-checks.js';
import { rehearse } from '../rehearsal.js';
import type { ResolveRoots } from '../resolve-request.js';
import { startTracer } from '../tracer.js';

/** Captures processes of our own, with each freezer that there is. Takes a second or two. */
export async function rehearseAll(libc: Libc, roots: ResolveRoots, facts: NodeFacts): Promise<Rehearsal[]> {
  const rehearsals: Rehearsal[] = [];
  for (const version of ['v1', 'v2'] as const) {
    const freezer = facts[version];
    if (freezer === undefined) continue;
    const obstacle = facts.uid === 0 ? obstacleTo(freezer) : 'needs root';
    if (obstacle === undefined) rehearsals.push(await rehearseOne(libc, roots, version));
    else rehearsals.push({ version, result: 'NotRun', message: `not run: ${obstacle}` });
  }
  return rehearsals;
}

function obstacleTo({ own, writable, hasFreezer }: FreezerFacts): string | undefined {
  if (!hasFreezer) return 'no freezer';
  if (own === undefined) return "this process's own cgroup is not to be seen";
  return writable ? undefined : 'no cgroup can be made there';
}

async function rehearseOne(libc: Libc, roots: ResolveRoots, version: 'v1' | 'v2'): Promise<Rehearsal> {
  const since = performance.now();
  const tracer = await startTracer(libc);
  try {
    const way = { directory: '/', cgroupPath: '/', cgroupVersion: version, freezer: version };
    const failure = await rehearse(tracer, roots, [way]);
    if (failure !== undefined) return { version, result: 'Failed', message: failure.message };
    const took = Math.round(performance.now() - since);
    return { version, result: 'Passed', message: `processes of our own were frozen, seized and let go (${took} ms)` };
  } finally {
    await tracer.close();
  }
}
