/** What every Kubernetes object has (apimachinery, meta/v1), as the API server writes it in JSON. Types only. */

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
  /** Opaque to clients but for equality, and, since 1.35, order (KEP-5504). */
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

/** Where a kind lives. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** As in the path, lower case. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly kind: string;
  /** Never set: it only ties the place to the type of what lives there. */
  readonly objectType?: T;
}

/** Metadata of an object that the server has yet to complete, or of which a part is sent. */
export type DraftMeta = Partial<ObjectMeta>;

/** An object to create; apiVersion and kind come from its resource. */
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

/** 'namespace/name', or the bare name of what has no namespace. As client-go's MetaNamespaceKeyFunc. */
export function keyOf(object: { readonly metadata: Pick<ObjectMeta, 'name' | 'namespace'> }): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}
