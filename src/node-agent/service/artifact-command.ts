/** The command that brings an artifact from its node to whoever may exec in the pods of the agents. Pure. */

/** Where `stasis artifact` looks by default. */
export const DEFAULT_ARTIFACTS = '/var/lib/stasis';
/** The labels that the chart gives to the pods of the agents. */
const AGENT_LABELS = 'app.kubernetes.io/name=stasis,app.kubernetes.io/component=node-agent';
const CONTAINER = 'node-agent';
/** Prints the name of the first pod, also where there are several. */
const FIRST = "jsonpath='{.items[0].metadata.name}'";
/** The longest command that the schema allows. */
const MOST_CHARACTERS = 1024;
/** Characters that a shell takes as they are. */
const PLAIN = /^[\w./=:@%,+-]+$/;

export interface ArtifactPlace {
  /** The namespace of the agent's pod. */
  readonly namespace: string;
  readonly nodeName: string;
  /** The folder of the artifacts. */
  readonly folder: string;
}

/**
 * Returns a line for a shell. It finds the pod by the node, because an update of Stasis replaces the pods. Two pods of agents may
 * be on a node: one that has failed stays, and a forced deletion makes room for the next before the processes have ended. So the
 * command takes one, and of those whose phase is Running.
 */
export function artifactCommand({ namespace, nodeName, folder }: ArtifactPlace, uid: string): string {
  const fields = quoted(`spec.nodeName=${nodeName},status.phase=Running`);
  const pod = `kubectl get pod -n ${quoted(namespace)} -l ${AGENT_LABELS} --field-selector ${fields} -o ${FIRST}`;
  const inside = `stasis artifact ${uid}`;
  const command = `kubectl exec -n ${quoted(namespace)} "$(${pod})" -c ${CONTAINER} -- ${inside}`;
  const elsewhere = folder === DEFAULT_ARTIFACTS ? command : `${command} --artifacts ${quoted(folder)}`;
  // A status that the schema refuses would never end the capture.
  return [elsewhere, command].find((text) => text.length <= MOST_CHARACTERS) ?? inside;
}

/** Returns the text as one word for a shell, whatever the text contains. */
function quoted(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
