/** The answer of `stasis doctor`. Pure. */
import type { AuditFacts, Thaw } from './doctor-facts.js';
import { judgeFrozen, judgeTraced, type FrozenFinding, type TracedFinding } from './doctor-judgement.js';
import type { NodeCheck } from './node-checks.js';

export interface JournalFinding {
  readonly file: string;
  readonly guardPid: number;
  readonly guardAlive: boolean;
  /** Number of records of this boot that are not finished: their freezers may be closed. */
  readonly open: number;
  readonly torn: number;
  readonly foreign: number;
}

export interface DoctorReport {
  /** RFC 3339. */
  readonly at: string;
  /** Nothing stands still that should not, and captures can be made here. */
  readonly well: boolean;
  /** Number of cgroups that were looked at. */
  readonly cgroups: number;
  readonly frozen: readonly FrozenFinding[];
  readonly traced: readonly TracedFinding[];
  readonly thawed: readonly Thaw[];
  readonly journals: readonly JournalFinding[];
  readonly node: readonly NodeCheck[];
  readonly unseen: readonly string[];
}

/** @param facts found after everything that was to be thawed was thawed */
export function doctorReport(
  facts: AuditFacts,
  thawed: readonly Thaw[],
  node: readonly NodeCheck[],
  at: string,
): DoctorReport {
  const frozen = judgeFrozen(facts);
  const traced = judgeTraced(facts);
  const wrong =
    [...frozen, ...traced].some((finding) => finding.wrong) || node.some(({ verdict }) => verdict === 'Unfit');
  return {
    at,
    // A thing that could not be looked at is not known to be well.
    well: !wrong && facts.unseen.length === 0,
    cgroups: facts.cgroups,
    frozen,
    traced,
    thawed,
    journals: facts.journals.map(({ file, guardPid, guardAlive, records, torn, foreign }) => ({
      file,
      guardPid,
      guardAlive,
      open: records.filter(({ record }) => record.state === 'Open' && record.boot === facts.boot).length,
      torn,
      foreign,
    })),
    node,
    unseen: facts.unseen,
  };
}
