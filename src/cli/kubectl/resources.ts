/** The kinds of Kubernetes that the plugin reads beside pods, reduced to the fields that it uses. Types, and their places in the API. Pure. */
import type { KubeObject, Resource } from '../../kube/types.js';

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** apps/v1 DaemonSet. */
export interface DaemonSet extends KubeObject {
  readonly spec?: {
    readonly template: {
      readonly spec: {
        readonly nodeSelector?: Readonly<Record<string, string>>;
        readonly tolerations?: readonly Toleration[];
      };
    };
  };
  readonly status?: {
    /** Nodes that should have a pod. */
    readonly desiredNumberScheduled?: number;
    /** Nodes that have a pod and should not. */
    readonly numberMisscheduled?: number;
  };
}

export const DAEMONSETS: Resource<DaemonSet> = {
  group: 'apps',
  version: 'v1',
  plural: 'daemonsets',
  namespaced: true,
  kind: 'DaemonSet',
};
/** apps/v1 Deployment: only its metadata is read. */
export const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  namespaced: true,
  kind: 'Deployment',
};
export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  namespaced: false,
  kind: 'Namespace',
};

/** core/v1 Node. */
export interface NodeObject extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

export const NODES: Resource<NodeObject> = {
  group: '',
  version: 'v1',
  plural: 'nodes',
  namespaced: false,
  kind: 'Node',
};

/** core/v1 ResourceQuota. */
export interface ResourceQuota extends KubeObject {
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

export const RESOURCE_QUOTAS: Resource<ResourceQuota> = {
  group: '',
  version: 'v1',
  plural: 'resourcequotas',
  namespaced: true,
  kind: 'ResourceQuota',
};

/** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy. */
export interface AdmissionPolicy extends KubeObject {
  readonly spec?: {
    readonly matchConstraints?: {
      readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    };
  };
}

export const POLICIES: Resource<AdmissionPolicy> = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingadmissionpolicies',
  namespaced: false,
  kind: 'ValidatingAdmissionPolicy',
};

/** authorization.k8s.io/v1 SelfSubjectAccessReview: whether the user may do something. */
export interface AccessReview extends KubeObject {
  readonly spec: { readonly resourceAttributes: Readonly<Record<string, string>> };
  readonly status?: { readonly allowed?: boolean };
}

export const ACCESS_REVIEWS: Resource<AccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  kind: 'SelfSubjectAccessReview',
};
