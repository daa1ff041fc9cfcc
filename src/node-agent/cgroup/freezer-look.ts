/** One look at the freezer of a cgroup, by its path. */
import { statSync } from 'node:fs';
import { parseCgroupEvents } from '../pure/cgroup-events.js';
import { parseFreezerState } from '../pure/freezer-state.js';
import { readText } from './files.js';
import type { CgroupVersion } from '../pure/container-target.js';

export interface FreezerLook {
  /** Its own freezer is closed; of v2: was asked to be. */
  readonly self: boolean;
  /** It is frozen in fact, by whichever freezer. */
  readonly frozen: boolean;
  /** It is frozen, or will be when its last task stops. */
  readonly closed: boolean;
}

/** Undefined when the cgroup is gone, or has no freezer: the root of a hierarchy has none. */
export function lookAtFreezer(directory: string, version: CgroupVersion): FreezerLook | undefined {
  return version === 'v1' ? lookAtV1(directory) : lookAtV2(directory);
}

/** freezer-subsystem.rst: the state tells of ancestors too, self_freezing of this cgroup alone. */
function lookAtV1(directory: string): FreezerLook | undefined {
  const text = readText(`${directory}/freezer.state`);
  const asked = readText(`${directory}/freezer.self_freezing`);
  const state = text.ok ? parseFreezerState(text.value) : undefined;
  if (state?.ok !== true || !asked.ok) return undefined;
  return { self: asked.value.startsWith('1'), frozen: state.value === 'FROZEN', closed: state.value !== 'THAWED' };
}

/** cgroup-v2.rst: cgroup.freeze tells what was asked of this cgroup, cgroup.events what came of it and of those above it. */
function lookAtV2(directory: string): FreezerLook | undefined {
  const asked = readText(`${directory}/cgroup.freeze`);
  const text = readText(`${directory}/cgroup.events`);
  const events = text.ok ? parseCgroupEvents(text.value) : undefined;
  if (!asked.ok || events?.ok !== true) return undefined;
  const self = asked.value.startsWith('1');
  return { self, frozen: events.value.frozen, closed: self || events.value.frozen };
}

/** What a cgroup's directory is known by in all mount namespaces. Undefined when it is gone. */
export function identityOf(directory: string): { readonly inode: bigint; readonly device: bigint } | undefined {
  const status = statSync(directory, { bigint: true, throwIfNoEntry: false });
  return status && { inode: status.ino, device: status.dev };
}
