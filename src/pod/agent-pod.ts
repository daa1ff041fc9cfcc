/** The pods of the node agents, and the node for which each was made. Pure. */
import type { KubeObject } from '../kube/types.js';

/** core/v1 Pod of a DaemonSet. Its controller binds the pod to one node by a node affinity. */
export interface AgentPod extends KubeObject {
  readonly spec: {
    /** Absent until the pod is scheduled. */
    readonly nodeName?: string;
    readonly affinity?: {
      readonly nodeAffinity?: {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms: readonly {
            readonly matchFields?: readonly { readonly key: string; readonly values?: readonly string[] }[];
          }[];
        };
      };
    };
  };
}

/** The node for which the pod was made, also before the pod is scheduled. */
export function nodeOfAgentPod({ spec }: AgentPod): string | undefined {
  if (spec.nodeName !== undefined && spec.nodeName !== '') return spec.nodeName;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const fields = terms.flatMap(({ matchFields }) => matchFields ?? []);
  return fields.find(({ key }) => key === 'metadata.name')?.values?.[0];
}
