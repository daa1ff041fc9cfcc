/** metav1.ObjectMeta and metav1.OwnerReference, as far as Stasis reads or writes them. Types only. */

/** A pointer to the object that owns this one; the garbage collector follows it. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** What every object has, as the API server answers it. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  /** Counts changes of the spec. */
  generation?: number;
  /** RFC 3339, in whole seconds. */
  creationTimestamp: string;
  /** RFC 3339; set once the object is to go, and waits for its finalizers. */
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}
