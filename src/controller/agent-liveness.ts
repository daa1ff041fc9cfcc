/**
 * Judges whether a node's agent is alive: a state machine per agent, and one for the sight of this process. Pure.
 *
 * All moments are monotonic milliseconds of this process. The times inside a Lease come from another machine's clock; they
 * may make this process expect an agent, but never condemn one.
 */
import type { Lease } from '../kube/lease.js';
import type { AgentState } from './observation.js';

/** What this process has seen of the Leases as a whole. Undefined: it has seen nothing yet. */
export interface Sight {
  /** Since when it sees every change without a gap. */
  readonly since: number;
  /** When it last saw any change. The leader renews a Lease every few seconds, so a working watch is never silent. */
  readonly heard: number;
}

/** What this process knows of one agent. */
export type AgentRecord =
  | {
      readonly kind: 'leased';
      /** Changes with every renewal. */
      readonly mark: string;
      /** When this mark was first seen. */
      readonly seen: number;
      /** Until when the agent counts as alive without a further renewal. */
      readonly fresh: number;
      readonly durationMilliseconds: number;
    }
  /** There is no Lease, or a Lease that its holder gave up. `since`: when that was seen, or first asked about. */
  | { readonly kind: 'none'; readonly since: number };

export type AgentEvent =
  /** The Lease as a list or the watch shows it. `wall` is this machine's clock, in milliseconds since the epoch. */
  | { readonly kind: 'lease'; readonly lease: Lease; readonly wall: number }
  /** The Lease was deleted. */
  | { readonly kind: 'gone' }
  /** Somebody asks about an agent of which nothing is known. */
  | { readonly kind: 'asked' };

/** The duration for a Lease that does not state one, in seconds: the kubelet's own value. */
const DEFAULT_SECONDS = 40;
/**
 * How long an agent may be absent after it gave up its Lease, or after its Lease disappeared, or after somebody first asked
 * for an agent that never had one. A rolling update needs seconds to start the next agent.
 */
const GRACE_MILLISECONDS = 40_000;

/** Something was heard. After a silence of more than `blindAfter`, the sight begins anew. */
export function stepSight(before: Sight | undefined, now: number, blindAfter: number): Sight {
  const since = before === undefined || now - before.heard > blindAfter ? now : before.since;
  return { since, heard: now };
}

export function stepAgent(before: AgentRecord | undefined, event: AgentEvent, now: number): AgentRecord {
  switch (event.kind) {
    case 'lease':
      return stepLease(before, event.lease, now, event.wall);
    case 'gone':
      return { kind: 'none', since: now };
    case 'asked':
      return before ?? { kind: 'none', since: now };
    default:
      return event satisfies never;
  }
}

function stepLease(before: AgentRecord | undefined, { metadata, spec }: Lease, now: number, wall: number): AgentRecord {
  const { holderIdentity = '', renewTime, leaseDurationSeconds = DEFAULT_SECONDS } = spec ?? {};
  if (holderIdentity === '') return before?.kind === 'none' ? before : { kind: 'none', since: now };
  // The mark does not contain the resourceVersion: a changed label or a changed managedFields entry is no sign of life.
  const mark = JSON.stringify([metadata.uid, holderIdentity, renewTime]);
  if (before?.kind === 'leased' && before.mark === mark) return before;
  const durationMilliseconds = leaseDurationSeconds * 1000;
  // A Lease that is seen for the first time may be days old. If its holder's clock says that it was renewed just now, the
  // agent is expected to be alive; if that is wrong, its capture ends as any capture of an agent that dies.
  const age = before === undefined ? Math.abs(wall - Date.parse(renewTime ?? '')) : 0;
  const fresh = now + (age < durationMilliseconds ? durationMilliseconds - age : -1);
  return { kind: 'leased', mark, seen: now, fresh, durationMilliseconds };
}

/**
 * The one judgement of an agent. While this process does not see, and until an agent had its whole time in the sight of this
 * process, the answer is Unknown. `Lost` rests on a change that was heard after the time was over: whatever the agent had
 * written before would have been heard by then.
 */
export function judge(
  record: AgentRecord | undefined,
  sight: Sight | undefined,
  now: number,
  blindAfter: number,
): AgentState {
  if (sight === undefined || now - sight.heard > blindAfter) return 'Unknown';
  if (record === undefined) return 'Away';
  if (record.kind === 'none') return sight.heard > lostFrom(record, sight) ? 'Lost' : 'Away';
  if (now <= record.fresh) return 'Alive';
  return sight.heard > lostFrom(record, sight) ? 'Lost' : 'Unknown';
}

/** The moment from which the agent is lost if nothing is heard of it. */
export function lostFrom(record: AgentRecord, sight: Sight): number {
  return record.kind === 'none'
    ? Math.max(record.since, sight.since) + GRACE_MILLISECONDS
    : Math.max(record.seen, sight.since) + record.durationMilliseconds;
}
