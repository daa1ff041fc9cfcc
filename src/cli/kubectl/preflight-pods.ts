/** Examines pods for `kubectl stasis preflight`: reads, judges, and makes a dry run of each, a few at a time. */
import { listPages } from '../../kube/list-pages.js';
import { PODS, type Pod } from '../../pod/pod.js';
import { limited } from './limited.js';
import { dryRun } from './preflight-dry-run.js';
import { openPreflight, type PreflightReader } from './preflight-facts.js';
import { findObstacles, longestHold, note } from './preflight-findings.js';
import { describeRefusal } from './refusal.js';
import type { PodResult } from './render-preflight.js';
import { DEFAULT_NAMESPACE, findStasisNamespace } from './stasis-namespace.js';
import type { Cluster, Surroundings } from './surroundings.js';

const AT_ONCE = 4;

/** The pods that are examined, and how. */
export interface Wanted {
  /** Undefined: all pods. */
  readonly podName: string | undefined;
  readonly allNamespaces: boolean;
  readonly containers: readonly string[] | undefined;
  readonly dryRun: boolean;
  readonly stasisNamespace: string | undefined;
}

export type ExaminedPods =
  | { readonly ok: true; readonly results: readonly PodResult[] }
  /** The message is one line for people. */
  | { readonly ok: false; readonly message: string };

/** Returns a result for each pod, namespace by namespace. After a signal, the results are not complete. */
export async function examinePods(surroundings: Surroundings, cluster: Cluster, wanted: Wanted): Promise<ExaminedPods> {
  const { clock, signal, terminal } = surroundings;
  const pods = await readPods(cluster, wanted);
  if (!pods.ok) return pods;
  const place = await findStasisNamespace(cluster, wanted.stasisNamespace);
  if (!place.ok && place.unproved !== true) return place;
  // A fact that cannot be read without the namespace is said to be not known.
  const stasis = place.ok ? place : { namespace: DEFAULT_NAMESPACE, guessed: true };
  const total = pods.value.length;
  let ready = 0;
  const count = async (done: 0 | 1): Promise<void> => {
    ready += done;
    if (terminal.redraws) await terminal.progress(`${ready} of ${total} pods`);
  };
  const results: PodResult[] = [];
  for (const [namespace, those] of byNamespace(pods.value, cluster.namespace)) {
    if (signal.aborted) break;
    const there = { ...cluster, namespace };
    const { podName, containers } = wanted;
    const opened = await openPreflight(there, { podName, containers, stasis, wall: () => clock.wall(), signal });
    if (!opened.ok) return opened;
    const counted = { reader: opened.reader, wanted, count: podName === undefined ? count : undefined };
    const found = await limited(those, AT_ONCE, async (pod) => {
      const result = await examine(surroundings, there, counted, pod);
      await counted.count?.(1);
      return result;
    });
    results.push(...found);
  }
  return { ok: true, results };
}

function byNamespace(pods: readonly Pod[], namespace: string): Map<string, Pod[]> {
  const groups = new Map<string, Pod[]>();
  for (const pod of pods) {
    const key = pod.metadata.namespace ?? namespace;
    groups.set(key, [...(groups.get(key) ?? []), pod]);
  }
  return groups;
}

type Pods = { readonly ok: true; readonly value: readonly Pod[] } | { readonly ok: false; readonly message: string };

async function readPods(
  { api, namespace, serverName }: Cluster,
  { podName: name, allNamespaces }: Pick<Wanted, 'podName' | 'allNamespaces'>,
): Promise<Pods> {
  if (name === undefined) {
    const where = allNamespaces ? {} : { namespace };
    const listed = await listPages(api, PODS, where, (pod) => pod);
    if (listed.ok) return { ok: true, value: listed.value.items };
    const attempt = { verb: 'list', resource: 'pods', ...where, serverName } as const;
    return { ok: false, message: describeRefusal(listed.error, attempt) };
  }
  const answer = await api.get(PODS, { namespace, name });
  if (answer.ok) return { ok: true, value: [answer.value] };
  const attempt = { verb: 'get', resource: 'pods', namespace, name, serverName } as const;
  return { ok: false, message: describeRefusal(answer.error, attempt) };
}

interface Counted {
  readonly reader: PreflightReader;
  readonly wanted: Wanted;
  /** Counts the pods on the progress line. Undefined for one pod, whose Checkpoint is shown there. */
  readonly count: ((done: 0 | 1) => Promise<void>) | undefined;
}

async function examine(
  surroundings: Surroundings,
  cluster: Cluster,
  { reader, wanted, count }: Counted,
  pod: Pod,
): Promise<PodResult> {
  const facts = await reader.factsOf(pod);
  const findings = findObstacles(facts);
  const result = {
    namespace: cluster.namespace,
    pod: pod.metadata.name,
    node: pod.spec.nodeName ?? '',
    findings,
    longestHold: longestHold(facts),
    dryRunPassed: false,
  };
  if (!wanted.dryRun || surroundings.signal.aborted) return result;
  if (findings.some(({ verdict, byClock }) => verdict === 'obstacle' && byClock !== true))
    return {
      ...result,
      findings: [...findings, note('dry run', 'not carried out, because of what stands in the way')],
    };
  const { containers } = wanted;
  const tell = count === undefined ? {} : { tell: async () => await count(0) };
  const request = { podName: pod.metadata.name, containers, ...tell };
  const tried = await dryRun(surroundings, cluster, request);
  return { ...result, findings: [...findings, ...tried.findings], dryRunPassed: tried.passed };
}
