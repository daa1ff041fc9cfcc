/** Looks once at the freezer of a cgroup, by the cgroup's path. */
import { parseCgroupEvents } from '../pure/cgroup-events.js';
import { parseFreezerState } from '../pure/freezer-state.js';
import { identityAt, readText } from './files.js';
import type { CgroupVersion } from '../pure/container-target.js';

export interface FreezerLook {
  /** The cgroup's own freezer is closed. On v2: the cgroup itself was asked to freeze. */
  readonly self: boolean;
  /** The cgroup is frozen in fact, by its own freezer or by one above it. */
  readonly frozen: boolean;
  /** The cgroup is frozen, or will be once its last task has stopped. */
  readonly closed: boolean;
}

/** Returns undefined when the cgroup is gone or has no freezer, like the root of a hierarchy. */
export function lookAtFreezer(directory: string, version: CgroupVersion): FreezerLook | undefined {
  return version === 'v1' ? lookAtV1(directory) : lookAtV2(directory);
}

/** freezer-subsystem.rst: freezer.state also reflects ancestors, freezer.self_freezing only this cgroup. */
function lookAtV1(directory: string): FreezerLook | undefined {
  const text = readText(`${directory}/freezer.state`);
  const asked = readText(`${directory}/freezer.self_freezing`);
  const state = text.ok ? parseFreezerState(text.value) : undefined;
  if (state?.ok !== true || !asked.ok) return undefined;
  return { self: asked.value.startsWith('1'), frozen: state.value === 'FROZEN', closed: state.value !== 'THAWED' };
}

/**
 * cgroup-v2.rst: cgroup.freeze shows the request for this cgroup; cgroup.events shows the result of that request and of the
 * freezers above.
 */
function lookAtV2(directory: string): FreezerLook | undefined {
  const asked = readText(`${directory}/cgroup.freeze`);
  const text = readText(`${directory}/cgroup.events`);
  const events = text.ok ? parseCgroupEvents(text.value) : undefined;
  if (!asked.ok || events?.ok !== true) return undefined;
  const self = asked.value.startsWith('1');
  return { self, frozen: events.value.frozen, closed: self || events.value.frozen };
}

/** Device and inode identify a cgroup's directory in every mount namespace. Undefined when the cgroup is gone. */
export function identityOf(directory: string): { readonly inode: bigint; readonly device: bigint } | undefined {
  const identity = identityAt(directory);
  return identity.ok ? identity.value : undefined;
}
