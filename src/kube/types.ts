/**
 * The fields that every Kubernetes object has (apimachinery, meta/v1), as the API server writes them in JSON. Types
 * and two functions. Pure.
 */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  /** Clients may only compare it for equality and, since Kubernetes 1.35 (KEP-5504), for order. */
  readonly resourceVersion: string;
  readonly generation?: number;
  /** RFC 3339, whole seconds. */
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** The group, version and name under which the API serves a kind. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** In lower case, as in the path. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly kind: string;
  /** Never set. The field ties this description to the TypeScript type of the kind's objects. */
  readonly objectType?: T;
}

/** The metadata of an object that is to be created or partly written. */
export type DraftMeta = Partial<ObjectMeta>;

/** An object to create. Its resource supplies apiVersion and kind. */
export type Draft<T extends KubeObject> = Omit<T, 'apiVersion' | 'kind' | 'metadata'> & {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: DraftMeta;
};

/** The part of an object that one field manager owns. */
export type Applied<T extends KubeObject> = Partial<Omit<T, 'apiVersion' | 'kind' | 'metadata'>> & {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: DraftMeta & { readonly name: string };
};

/** 'namespace/name', or only the name of an object without a namespace, like client-go's MetaNamespaceKeyFunc. */
export function keyOf(object: { readonly metadata: Pick<ObjectMeta, 'name' | 'namespace'> }): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** Whether both are the same version of the same object. */
export function isSameVersion(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
