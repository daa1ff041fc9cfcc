/** Runs `stasis doctor`: looks at the node, opens Stasis's own freezers if asked to, looks again, and rehearses. */
import { openLibc } from '../native/libc.js';
import { audit } from '../node-agent/doctor/audit.js';
import { nodeFacts } from '../node-agent/doctor/node-facts.js';
import { rehearseAll } from '../node-agent/doctor/rehearsals.js';
import { findScope } from '../node-agent/doctor/scope.js';
import { thawAbandoned } from '../node-agent/doctor/thaw.js';
import type { AuditFacts, Thaw } from '../node-agent/pure/doctor-facts.js';
import { judgeFrozen, recordOf } from '../node-agent/pure/doctor-judgement.js';
import { doctorReport, type DoctorReport } from '../node-agent/pure/doctor-report.js';
import { checkNode } from '../node-agent/pure/node-checks.js';
import type { DoctorOptions } from './doctor-arguments.js';

/** `message` is one line for stderr. */
export type DoctorResult =
  { readonly kind: 'report'; readonly report: DoctorReport } | { readonly kind: 'unusable'; readonly message: string };

const PROC = '/proc';

/** Runs the command. */
export async function doctor(options: DoctorOptions): Promise<DoctorResult> {
  const uid = process.getuid?.() ?? -1;
  if (options.thaw && uid !== 0) return { kind: 'unusable', message: `--thaw needs root: this runs as uid ${uid}` };
  const scope = findScope({ proc: PROC, self: process.pid }, options.all, options.cgroupRoot);
  if (!scope.ok) return { kind: 'unusable', message: scope.message };
  const libc = openLibc();
  const before = await audit(scope.value, options.states);
  const thaws: Thaw[] = [];
  if (options.thaw) {
    const surroundings = { libc, proc: PROC };
    for (const { cgroup, entry } of ours(before)) thaws.push(await thawAbandoned(cgroup, entry, surroundings));
  }
  const facts = thaws.length === 0 ? before : await audit(scope.value, options.states);
  const node = nodeFacts(scope.value, uid);
  const rehearsals = options.rehearsal ? await rehearseAll(libc, scope.value.roots, node) : [];
  const checks = checkNode(node, rehearsals);
  return { kind: 'report', report: doctorReport(facts, thaws, checks, new Date().toISOString()) };
}

/** The frozen cgroups that may be thawed, each with the journal record that proves that Stasis froze it. */
function ours(facts: AuditFacts): { cgroup: AuditFacts['frozen'][number]; entry: Entry }[] {
  const thawable = new Set(judgeFrozen(facts).flatMap((found) => (found.thawable ? [found.directory] : [])));
  return facts.frozen.flatMap((cgroup) => {
    const entry = thawable.has(cgroup.directory) ? recordOf(facts, cgroup) : undefined;
    return entry === undefined ? [] : [{ cgroup, entry }];
  });
}

type Entry = NonNullable<ReturnType<typeof recordOf>>;
