/** Leaves out of an object what kubectl does not print either. Pure. */
import { isRecord } from '../coerce.js';

/** The managed fields have nothing but who wrote which field, and are often longer than the rest of the object. */
export function withoutManagedFields(object: object): object {
  const { metadata } = object as { readonly metadata?: unknown };
  if (!isRecord(metadata) || metadata['managedFields'] === undefined) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}
