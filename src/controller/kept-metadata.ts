/** The part of the metadata of Checkpoints and PodCaptures that the caches keep. */
import type { ObjectMeta } from '../api/object-meta.js';
import { CHECKPOINT_UID_LABEL } from '../api/capture-labels.js';
import { TRACKING_ANNOTATION, TRACKING_LABELS } from './rules/ended.js';
import { RESTORED_LABEL } from './rules/refusals.js';

/** Every annotation and label that a rule reads must be named here; the rule sees no others. */
const ANNOTATIONS = [TRACKING_ANNOTATION];
const LABELS = [...TRACKING_LABELS, RESTORED_LABEL, CHECKPOINT_UID_LABEL];

/** Longest value that is kept, in characters. A label has at most 63; an annotation may have 256 KiB. */
const LONGEST_VALUE = 1024;

/**
 * A user who may create Checkpoints may give each of them 256 KiB of annotations. If the cache kept all annotations, 500
 * Checkpoints would take all of the controller's memory. The finalizers stay as they are, because a patch writes the whole
 * list.
 */
export function keptMetadata({ name, uid, resourceVersion, creationTimestamp, ...more }: ObjectMeta): ObjectMeta {
  const { namespace, generation, deletionTimestamp, finalizers } = more;
  const annotations = named(more.annotations, ANNOTATIONS);
  const labels = named(more.labels, LABELS);
  // An object has at most one controller. Others may own it as well, and nothing here asks for them.
  const ownerReferences = more.ownerReferences?.filter(({ controller }) => controller === true) ?? [];
  return {
    name,
    uid,
    resourceVersion,
    creationTimestamp,
    ...(namespace === undefined ? {} : { namespace }),
    ...(generation === undefined ? {} : { generation }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(labels === undefined ? {} : { labels }),
    ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
  };
}

/** The entries with these names; undefined when there is none. */
function named(
  entries: Readonly<Record<string, string>> | undefined,
  names: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const kept = names.flatMap((name) => {
    const value = entries?.[name];
    return value === undefined ? [] : [[name, value.slice(0, LONGEST_VALUE)] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
