/** The command that brings an artifact from its node to whoever may exec in the pods of the agents. Pure. */

/** Where `stasis artifact` looks by default. */
export const DEFAULT_ARTIFACTS = '/var/lib/stasis';
/** The labels that the chart gives to the pods of the agents. */
const AGENT_LABELS = 'app.kubernetes.io/name=stasis,app.kubernetes.io/component=node-agent';
const CONTAINER = 'node-agent';
/** The longest command that the schema allows. */
const MOST_CHARACTERS = 1024;
/** Characters that a shell takes as they are. */
const PLAIN = /^[\w./=:@%+-]+$/;

export interface ArtifactPlace {
  /** The namespace of the agent's pod. */
  readonly namespace: string;
  readonly nodeName: string;
  /** The folder of the artifacts. */
  readonly folder: string;
}

/** Returns a line for a shell. It finds the pod by the node, because an update of Stasis replaces the pods. */
export function artifactCommand({ namespace, nodeName, folder }: ArtifactPlace, uid: string): string {
  const pod = `kubectl get pod -n ${namespace} -l ${AGENT_LABELS} --field-selector spec.nodeName=${nodeName} -o name`;
  const command = `kubectl exec -n ${namespace} $(${pod}) -c ${CONTAINER} -- stasis artifact ${uid}`;
  if (folder === DEFAULT_ARTIFACTS) return command;
  const elsewhere = `${command} --artifacts ${PLAIN.test(folder) ? folder : `'${folder.replaceAll("'", `'\\''`)}'`}`;
  // A status that the schema refuses would never end the capture.
  return elsewhere.length <= MOST_CHARACTERS ? elsewhere : command;
}
