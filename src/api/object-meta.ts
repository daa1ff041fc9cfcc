/** metav1.ObjectMeta and metav1.OwnerReference, reduced to the fields that Stasis reads or writes. Types only. */

/** A reference to the object that owns this one. The garbage collector deletes this object after its owner. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** The metadata of every object, as the API server returns it. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  /** The API server increases it with each change of the spec. */
  generation?: number;
  /** RFC 3339, in whole seconds. */
  creationTimestamp: string;
  /** RFC 3339. Set when a deletion was requested; the object remains until its list of finalizers is empty. */
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}
