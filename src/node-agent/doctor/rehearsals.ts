/** Rehearses a capture with each freezer of the node. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Libc } from '../../native/libc.js';
import type { FreezerFacts, NodeFacts, Rehearsal } from '../pure/node-checks.js';
import { BUILT_GUARD, startOwnGuard, type OwnGuard } from '../tracer/own-guard.js';
import { rehearse } from '../tracer/rehearsal.js';
import type { ResolveRoots } from '../resolve/request.js';
import { startTracer } from '../tracer/tracer.js';

/** Captures processes that were started for the purpose, once per freezer of the node. Takes a second or two. */
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
  if (own === undefined) return "this process's own cgroup cannot be seen";
  return writable ? undefined : 'no cgroup can be created there';
}

async function rehearseOne(libc: Libc, roots: ResolveRoots, version: 'v1' | 'v2'): Promise<Rehearsal> {
  const since = performance.now();
  // The rehearsal uses a journal folder of its own. A guard that is started on the node's journals would open every
  // freezer that they name, and only --thaw may do that.
  const state = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'stasis-doctor-'));
  try {
    const started = await startOwnGuard(libc, { program: BUILT_GUARD, state, ownFreezer: undefined });
    if (!started.ok) return { version, result: 'Failed', message: started.failure.message };
    try {
      return await rehearseGuarded(libc, roots, version, started.guard, since);
    } finally {
      started.guard.close();
    }
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

async function rehearseGuarded(
  libc: Libc,
  roots: ResolveRoots,
  version: 'v1' | 'v2',
  guard: OwnGuard,
  since: number,
): Promise<Rehearsal> {
  const tracer = await startTracer(libc, guard);
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
