/** How the model of the API server merges a request into an object. */

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** A merge patch (RFC 7386). */
export function mergePatch(target: Json, patch: Json): Json {
  const merged: Record<string, unknown> = { ...target };
  for (const [field, value] of Object.entries(patch)) {
    const before = merged[field];
    if (value === null) delete merged[field];
    else merged[field] = isObject(value) ? mergePatch(isObject(before) ? before : {}, value) : value;
  }
  return merged;
}

/**
 * A forced server-side apply, at the granularity of the fields of status and the items of conditions. A field that the
 * manager applied before and no longer applies is removed, unless another manager applies it too.
 */
export function mergeStatus(status: Json, before: Json, applied: Json, others: readonly Json[]): Json {
  const merged: Record<string, unknown> = { ...status };
  for (const field of Object.keys(before)) {
    if (!(field in applied) && !others.some((other) => field in other)) delete merged[field];
  }
  for (const [field, value] of Object.entries(applied)) {
    merged[field] = field === 'conditions' ? mergeConditions(status, before, applied, others) : value;
  }
  return merged;
}

function mergeConditions(status: Json, before: Json, applied: Json, others: readonly Json[]): Json[] {
  const mine = conditionsOf(applied);
  const has = (list: readonly Json[], type: unknown): boolean => list.some((condition) => condition['type'] === type);
  const kept = conditionsOf(status).filter(
    ({ type }) =>
      !has(mine, type) && (!has(conditionsOf(before), type) || others.some((other) => has(conditionsOf(other), type))),
  );
  return [...kept, ...mine];
}

function conditionsOf(status: Json): readonly Json[] {
  return (status['conditions'] ?? []) as readonly Json[];
}
