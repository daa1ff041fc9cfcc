/** Judges what would stand in the way of a Checkpoint of a pod, from what was read. Pure. */
import { findCondition, hasEnded } from '../../api/conditions.js';
import type { Checkpoint } from '../../api/kinds.js';
import type { Lease } from '../../kube/lease.js';
import { chooseContainers } from '../../pod/containers.js';
import type { Pod } from '../../pod/pod.js';
import { probeLimit } from '../../pod/probes.js';
import {
  containerNotFound,
  hostLevelPod,
  podNotRunning,
  podTerminating,
  sandboxedRuntime,
  stasisPod,
} from '../../pod/refusals.js';
import { formatSpan } from './format-span.js';
import type { Known } from './known.js';
import { parseQuantity } from './quantity.js';
import type { NodeObject, ResourceQuota } from './resources.js';

export type Verdict = 'ok' | 'note' | 'obstacle' | 'not known';

export interface Finding {
  /** A word or two. */
  readonly topic: string;
  readonly verdict: Verdict;
  /** For people. */
  readonly words: string;
  /** It rests on the clock of this machine: a dry run that passes proves it wrong. */
  readonly byClock?: true;
}

export interface PodFacts {
  readonly pod: Pod;
  /** The containers that are asked for; undefined: whichever run. */
  readonly containers: readonly string[] | undefined;
  readonly stasisNamespace: string;
  /** The rights of the user. */
  readonly mayCreate: Known<boolean>;
  readonly mayExec: Known<boolean>;
  /** Why the API server would not accept a Checkpoint; undefined: it would. */
  readonly admission: Known<string | undefined>;
  readonly node: Known<NodeObject | undefined>;
  /** The heartbeat of the node's agent. */
  readonly lease: Known<Lease | undefined>;
  /** The handler of the pod's RuntimeClass. */
  readonly handler: Known<string | undefined>;
  readonly checkpoints: Known<readonly Checkpoint[]>;
  readonly quotas: Known<readonly ResourceQuota[]>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The default of the chart (checkpoints.sandboxedRuntimeHandlers). A user cannot read what an installation has set. */
const SANDBOXED = ['runsc', 'runsc-*', 'gvisor', 'gvisor-*', 'kata', 'kata-*', 'firecracker', 'firecracker-*'];
/** The longest hold that the schema allows, in seconds. */
export const LONGEST_HOLD_SECONDS = 3600;
/** The duration of the agents' Leases, for a Lease that does not state one. */
const LEASE_SECONDS = 40;
/** The clocks of this machine and of the node may differ by so much. */
const CLOCKS_DIFFER_SECONDS = 60;

/** All findings, in the order in which they are shown. */
export function findObstacles(facts: PodFacts): Finding[] {
  return [
    ...podFindings(facts),
    rights(facts),
    admission(facts),
    quota(facts),
    others(facts),
    node(facts),
    agent(facts),
    runtime(facts),
    ...probes(facts),
  ].filter((finding) => finding !== undefined);
}

function podFindings({ pod, containers, stasisNamespace }: PodFacts): Finding[] {
  const refusals = [
    stasisPod(pod, stasisNamespace),
    hostLevelPod(pod),
    containerNotFound(pod, containers),
    podTerminating(pod),
    podNotRunning(pod),
  ].filter((refusal) => refusal !== undefined);
  if (refusals.length > 0) return refusals.map(({ message }) => obstacle('pod', message));
  const choice = chooseContainers(pod, containers);
  if (!choice.ok) return [obstacle('pod', choice.message)];
  const names = choice.containers.map(({ name }) => name).join(', ');
  return [
    ok('pod', `it runs, and ${choice.containers.length === 1 ? 'container' : 'containers'} ${names} would be held`),
  ];
}

function rights({ pod, mayCreate, mayExec }: PodFacts): Finding {
  const { name, namespace = '' } = pod.metadata;
  const lacking = (what: string): Finding =>
    obstacle('rights', `you may not create ${what} in namespace ${namespace}; ask an administrator for that verb`);
  if (mayCreate.known && !mayCreate.value) return lacking('checkpoints.stasis.dev');
  if (mayExec.known && !mayExec.value) return lacking(`pods/exec of pod ${name}, which a Checkpoint needs,`);
  if (!mayCreate.known) return unknown('rights', mayCreate.why);
  if (!mayExec.known) return unknown('rights', mayExec.why);
  return ok('rights', 'you may create Checkpoints here, and exec in the pod');
}

/** Returns undefined where a right lacks: admission would say the same again. */
function admission({ admission: said, mayCreate, mayExec }: PodFacts): Finding | undefined {
  const lacking = [mayCreate, mayExec].some((right) => right.known && !right.value);
  if (lacking) return undefined;
  if (!said.known) return unknown('admission', said.why);
  return said.value === undefined
    ? ok('admission', 'the API server would accept a Checkpoint: no policy excludes the namespace')
    : obstacle('admission', said.value);
}

const COUNTED = ['count/checkpoints.stasis.dev', 'count/podcaptures.stasis.dev'] as const;

function quota({ quotas }: PodFacts): Finding {
  if (!quotas.known) return unknown('quota', quotas.why);
  const bounds = quotas.value.flatMap(({ metadata: { name }, status: { hard, used } = {} }) =>
    COUNTED.filter((key) => hard?.[key] !== undefined).map((key) => {
      const [most = '', now = '0'] = [hard?.[key], used?.[key]];
      const [limit, count] = [parseQuantity(most), parseQuantity(now)];
      const isFull = limit === undefined || count === undefined ? undefined : count >= limit;
      return { name, words: `${key} ${now} of ${most}`, isFull };
    }),
  );
  const full = bounds.filter(({ isFull }) => isFull === true);
  if (full.length > 0) {
    const all = full.map(({ name, words }) => `ResourceQuota ${name} is used up: ${words}`);
    return obstacle('quota', `${all.join('; ')}; delete Checkpoints that have ended`);
  }
  const unread = bounds.find(({ isFull }) => isFull === undefined);
  if (unread !== undefined)
    return unknown('quota', `ResourceQuota ${unread.name} has no number that this plugin knows: ${unread.words}`);
  return ok('quota', 'no ResourceQuota for Checkpoints is used up');
}

function others({ pod, checkpoints }: PodFacts): Finding {
  if (!checkpoints.known) return unknown('others', checkpoints.why);
  const open = checkpoints.value.filter(({ spec, status }) => spec.podName === pod.metadata.name && !hasEnded(status));
  const holder = open.find(({ status }) => findCondition(status?.conditions, 'Held')?.status === 'True');
  if (holder !== undefined) {
    const until = holder.status?.holdUntil === undefined ? '' : `, until ${holder.status.holdUntil} at the latest`;
    return obstacle(
      'others',
      `Checkpoint ${holder.metadata.name} holds the pod${until}; to end that: kubectl stasis release ${holder.metadata.name}`,
    );
  }
  const [first] = open;
  if (first === undefined) return ok('others', 'no other Checkpoint of the pod waits or runs');
  const count = open.length === 1 ? '' : ` and ${open.length - 1} more`;
  return note('others', `Checkpoint ${first.metadata.name}${count} of the pod comes first; another one waits for that`);
}

function node({ pod, node: read }: PodFacts): Finding | undefined {
  const { nodeName = '' } = pod.spec;
  if (nodeName === '') return undefined;
  if (!read.known) return unknown('node', read.why);
  if (read.value === undefined) return obstacle('node', `node ${nodeName} is gone`);
  const ready = read.value.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True')
    return obstacle('node', `node ${nodeName} is not Ready: ${ready?.message ?? 'no word of it'}`);
  if (read.value.spec?.unschedulable === true)
    return note('node', `node ${nodeName} is Ready, and cordoned; a drain ends a hold`);
  return ok('node', `node ${nodeName} is Ready`);
}

function agent({ pod, lease, now }: PodFacts): Finding | undefined {
  const { nodeName = '' } = pod.spec;
  if (nodeName === '') return undefined;
  if (!lease.known) return unknown('agent', lease.why);
  const { holderIdentity = '', renewTime = '', leaseDurationSeconds = LEASE_SECONDS } = lease.value?.spec ?? {};
  if (holderIdentity === '')
    return obstacle('agent', `no agent of Stasis runs on node ${nodeName}; see: kubectl stasis doctor ${nodeName}`);
  const age = Math.round((now - Date.parse(renewTime)) / 1000);
  if (age < -CLOCKS_DIFFER_SECONDS)
    return unknown(
      'agent',
      `the last sign of life of the agent of node ${nodeName} is ${formatSpan(-age)} in the future, by the clock of this machine; compare the clocks, or see: kubectl stasis doctor ${nodeName}`,
    );
  if (!(age <= leaseDurationSeconds + CLOCKS_DIFFER_SECONDS))
    return {
      ...obstacle(
        'agent',
        `the agent of node ${nodeName} gave its last sign of life ${Number.isNaN(age) ? 'at no known time' : `${formatSpan(age)} ago`}; see: kubectl stasis doctor ${nodeName}`,
      ),
      byClock: true,
    };
  return ok('agent', `the agent of node ${nodeName} lives`);
}

function runtime({ pod, handler }: PodFacts): Finding | undefined {
  const { runtimeClassName } = pod.spec;
  if (runtimeClassName === undefined) return undefined;
  if (!handler.known) return unknown('runtime', handler.why);
  const refusal = sandboxedRuntime(pod, handler.value ?? runtimeClassName, SANDBOXED);
  return refusal === undefined
    ? ok('runtime', `RuntimeClass ${runtimeClassName} is none of the sandboxes that Stasis knows`)
    : obstacle('runtime', refusal.message);
}

function probes(facts: PodFacts): Finding[] {
  const { pod, containers, now } = facts;
  const choice = chooseContainers(pod, containers);
  if (!choice.ok) return [];
  const names = choice.containers.map(({ name }) => name);
  const limit = probeLimit(pod, names, now);
  const ready = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].filter(
    ({ name, readinessProbe }) => names.includes(name) && readinessProbe !== undefined,
  );
  const readiness = note(
    'readiness',
    `the readiness probe of ${ready.map(({ name }) => name).join(', ')} fails during a hold, which takes the pod out of its Services until the release`,
  );
  return [limitFinding(limit), ...(ready.length === 0 ? [] : [readiness])];
}

function limitFinding(limit: ReturnType<typeof probeLimit>): Finding {
  if (limit === undefined || limit.seconds >= LONGEST_HOLD_SECONDS)
    return ok('probes', 'no probe limits a hold; the longest is 1h');
  const { seconds, container, kind, because } = limit;
  const whose = `the ${kind} of container ${container}${because === '' ? '' : ` ${because}`}`;
  return note(
    'probes',
    seconds < 1
      ? `${whose} allows no hold at all; a capture without a hold is not affected, and --despite-probes holds nevertheless`
      : `${whose} allows a hold of ${formatSpan(seconds)}; a longer one is refused without --despite-probes`,
  );
}

/** The longest hold that is accepted, in seconds. Undefined where the pod cannot be held at all. */
export function longestHold(facts: PodFacts): number | undefined {
  const { pod, containers, now } = facts;
  const choice = chooseContainers(pod, containers);
  if (!choice.ok || podFindings(facts).some(({ verdict }) => verdict === 'obstacle')) return undefined;
  const names = choice.containers.map(({ name }) => name);
  return Math.min(LONGEST_HOLD_SECONDS, probeLimit(pod, names, now)?.seconds ?? LONGEST_HOLD_SECONDS);
}

export function ok(topic: string, words: string): Finding {
  return { topic, verdict: 'ok', words };
}

export function note(topic: string, words: string): Finding {
  return { topic, verdict: 'note', words };
}

export function obstacle(topic: string, words: string): Finding {
  return { topic, verdict: 'obstacle', words };
}

/** Makes a finding of a fact that cannot be read, which is never taken as fine. */
export function unknown(topic: string, why: string): Finding {
  return { topic, verdict: 'not known', words: `not known: ${why}` };
}
