/**
 * Finds the namespace in which Stasis is installed. Everybody who may create a DaemonSet may give it the labels of Stasis's agents, so
 * that labels prove nothing. Policies belong to no namespace, and only administrators of the cluster may create them: a policy
 * of the chart names the namespace of the agents. Where it cannot be read, only the namespace of the documents is trusted.
 */
import { AGENT_SELECTOR } from './agent-pods.js';
import { describeRefusal } from './refusal.js';
import { DAEMONSETS, POLICIES } from './resources.js';
import type { Cluster } from './surroundings.js';

/** The namespace that the documents install into. */
export const DEFAULT_NAMESPACE = 'stasis-system';

export type NamespaceFound =
  | {
      readonly ok: true;
      readonly namespace: string;
      /** It was not seen, because the user may not look: the default is as good as any. */
      readonly guessed: boolean;
    }
  | {
      readonly ok: false;
      /** The message is one line for people. */
      readonly message: string;
      /** There are namespaces that may be the one, and none of them is proved to be. */
      readonly unproved?: true;
    };

type Proved =
  { readonly ok: true; readonly namespaces: readonly string[] } | { readonly ok: false; readonly message: string };

const POLICY_SELECTOR = 'app.kubernetes.io/name=stasis';
const POLICY_NAME = /(?:^|-)agent-own-lease$/;
/** The API server gives this label to each namespace, and nobody can change it. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** @param given the value of --stasis-namespace */
export async function findStasisNamespace(cluster: Cluster, given?: string): Promise<NamespaceFound> {
  if (given !== undefined) return { ok: true, namespace: given, guessed: false };
  const proved = await provedNamespaces(cluster);
  if (!proved.ok) return proved;
  const { namespaces } = proved;
  if (namespaces.length === 1) return { ok: true, namespace: namespaces[0] ?? '', guessed: false };
  const { api, serverName } = cluster;
  const found = await api.list(DAEMONSETS, { labelSelector: AGENT_SELECTOR, metadataOnly: true });
  if (!found.ok && found.error.code === 403)
    return namespaces.length > 1 ? several(namespaces) : { ok: true, namespace: DEFAULT_NAMESPACE, guessed: true };
  if (!found.ok) {
    const attempt = { verb: 'list', resource: 'daemonsets.apps', serverName } as const;
    return { ok: false, message: describeRefusal(found.error, attempt) };
  }
  const homes = [...new Set(found.value.items.flatMap(({ metadata }) => metadata.namespace ?? []))];
  return namespaces.length > 1 ? amongProved(namespaces, homes) : amongLabelled(homes, serverName);
}

/** The namespaces that policies of the chart name. Empty where there is no such policy, and where the user may not read them. */
export async function provedNamespaces({ api, serverName }: Cluster): Promise<Proved> {
  const listed = await api.list(POLICIES, { labelSelector: POLICY_SELECTOR });
  if (listed.ok) {
    const own = listed.value.items.filter(({ metadata }) => POLICY_NAME.test(metadata.name));
    const names = own.flatMap(({ spec }) => spec?.matchConstraints?.namespaceSelector?.matchLabels?.[NAME_LABEL] ?? []);
    return { ok: true, namespaces: [...new Set(names)].toSorted() };
  }
  if (listed.error.code === 403 || listed.error.code === 404) return { ok: true, namespaces: [] };
  const resource = 'validatingadmissionpolicies.admissionregistration.k8s.io';
  return { ok: false, message: describeRefusal(listed.error, { verb: 'list', resource, serverName }) };
}

/** A policy may be left of an installation that is gone. */
function amongProved(namespaces: readonly string[], homes: readonly string[]): NamespaceFound {
  const [namespace, ...others] = namespaces.filter((each) => homes.includes(each));
  if (namespace === undefined || others.length > 0) return several(namespaces);
  return { ok: true, namespace, guessed: false };
}

function several(namespaces: readonly string[]): NamespaceFound {
  return {
    ok: false,
    message: `Stasis is installed in several namespaces (${namespaces.join(', ')}); say which one is meant: --stasis-namespace`,
    unproved: true,
  };
}

function amongLabelled(homes: readonly string[], serverName: string): NamespaceFound {
  if (homes.includes(DEFAULT_NAMESPACE)) return { ok: true, namespace: DEFAULT_NAMESPACE, guessed: false };
  const [namespace, ...others] = homes;
  if (namespace === undefined)
    return {
      ok: false,
      message: `the cluster at ${serverName} has no node agents of Stasis (no DaemonSet with the labels ${AGENT_SELECTOR}); is it another cluster than you mean? See: kubectl config current-context`,
    };
  const where = others.length === 0 ? `namespace ${namespace}` : `namespaces ${homes.join(', ')}`;
  return {
    ok: false,
    message: `DaemonSets with the labels of Stasis's agents are in ${where}, and no policy that you may read proves that they are Stasis's; say where Stasis is installed: --stasis-namespace`,
    unproved: true,
  };
}
