/** Tests the figures of the agent's metrics, with cgroups that are plain folders. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { FINAL_REASONS } from '../../../../src/api/reasons.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import type { ContainerTarget } from '../../../../src/node-agent/pure/container-target.js';
import { agentMetrics, type AgentFigures, type AgentObserver } from '../../../../src/node-agent/service/metrics.js';
import type { FinalReport } from '../../../../src/node-agent/report/empty-report.js';
import { timings } from '../../builders.js';
import { ManualClock } from '../../kube/fixtures.js';
import { goodReport, uid } from './fixtures.js';

const figures: AgentFigures = {
  waiting: () => 1,
  running: () => 2,
  unreported: () => 3,
  holding: () => 4,
  overdueSeconds: () => 5.5,
  guardUp: () => true,
  rehearsal: () => 'Failed',
  artifacts: () => ({ files: 6, bytes: 7, limitBytes: 8 }),
  slots: 9,
  pauseBudgetSeconds: 0.1,
};

let folder: string;
let registry: Registry;
let clock: ManualClock;
let observer: AgentObserver;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-metrics-'));
  registry = new Registry();
  clock = new ManualClock();
  observer = agentMetrics({ registry, version: '1.2.3', clock, figures });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The value of one series, written as Prometheus writes it; undefined when the series does not exist. */
async function valueOf(series: string): Promise<number | undefined> {
  const text = await registry.metrics();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

function ended(report: Partial<FinalReport>, more: { readonly dryRun?: boolean } = {}): void {
  const whole = { ...goodReport(), processMustEnd: false, ...report };
  observer.ended(uid(1), { report: whole, dryRun: false, completionTime: '', processMustEnd: false, ...more });
}

function cgroup(name: string, frozen: boolean, more: Partial<ContainerTarget> = {}): ContainerTarget {
  const directory = join(folder, name);
  mkdirSync(directory, { recursive: true });
  set(directory, frozen);
  return { directory, cgroupPath: `/${name}`, cgroupVersion: 'v2', freezer: 'v2', ...more };
}

function set(directory: string, frozen: boolean): void {
  writeFileSync(join(directory, 'cgroup.freeze'), `${Number(frozen)}\n`);
  writeFileSync(join(directory, 'cgroup.events'), `populated 1\nfrozen ${Number(frozen)}\n`);
}

describe('agentMetrics()', () => {
  test('has every series of a closed label set before anything has happened', async () => {
    const text = await registry.metrics();
    for (const reason of FINAL_REASONS)
      expect(text).toMatch(new RegExp(`^stasis_captures_total{.*reason="${reason}"} 0$`, 'm'));
    for (const series of [
      'stasis_capture_pause_seconds_count{result="succeeded"}',
      'stasis_capture_pause_seconds_count{result="failed"}',
      'stasis_capture_phase_seconds_count{phase="cgroupFreeze"}',
      'stasis_capture_size_pause_seconds_count{max_tasks="+Inf"}',
      'stasis_capture_size_pause_seconds_sum{max_tasks="10"}',
      'stasis_capture_hold_seconds_count',
      'stasis_capture_tasks_count',
      'stasis_guard_recoveries_total{outcome="Thawed"}',
      'stasis_guard_restarts_total',
      'stasis_cgroup_thaws_unverified_total',
      'stasis_cgroups_frozen',
      'stasis_cgroup_frozen_seconds',
      'stasis_rehearsal_state{state="Passed"}',
      'stasis_rehearsal_state{state="Pending"}',
    ])
      expect([series, await valueOf(series)]).toEqual([series, 0]);
    expect(text).not.toContain('phase="hold"');
  });

  test('shows the figures of the agent', async () => {
    const shown = {
      stasis_captures_waiting: 1,
      stasis_captures_running: 2,
      stasis_captures_unreported: 3,
      stasis_pods_held: 4,
      stasis_hold_overdue_seconds: 5.5,
      stasis_guard_up: 1,
      'stasis_rehearsal_state{state="Failed"}': 1,
      stasis_artifacts: 6,
      stasis_artifacts_size_bytes: 7,
      stasis_artifacts_size_limit_bytes: 8,
      stasis_capture_slots: 9,
      stasis_pause_budget_seconds: 0.1,
      'stasis_build_info{version="1.2.3",component="node-agent"}': 1,
    };
    for (const [series, value] of Object.entries(shown))
      expect([series, await valueOf(series)]).toEqual([series, value]);
  });

  test('counts the pause without the hold, and the hold by itself', async () => {
    ended({
      threads: 150,
      timings: timings({ pauseMicroseconds: 2_000_900, holdMicroseconds: 2_000_000, seizeMicroseconds: 100 }),
    });
    expect(await valueOf('stasis_capture_pause_seconds_sum{result="succeeded"}')).toBeCloseTo(0.0009, 9);
    expect(await valueOf('stasis_capture_hold_seconds_sum')).toBe(2);
    expect(await valueOf('stasis_capture_phase_seconds_sum{phase="seize"}')).toBe(0.0001);
    expect(await valueOf('stasis_capture_size_pause_seconds_count{max_tasks="1000"}')).toBe(1);
    expect(await valueOf('stasis_capture_size_pause_seconds_count{max_tasks="100"}')).toBe(0);
    expect(await valueOf('stasis_capture_tasks_sum')).toBe(150);
  });

  test('counts the pause of a capture that failed under its result, and none for a capture that touched nothing', async () => {
    ended({ failure: failure('FreezeTimeout', 'late'), timings: timings({ pauseMicroseconds: 500 }) });
    ended({ failure: failure('TaskAlreadyTraced', 'by strace'), timings: timings({ pauseMicroseconds: 0 }) });
    ended({}, { dryRun: true });
    expect(await valueOf('stasis_capture_pause_seconds_count{result="failed"}')).toBe(1);
    expect(await valueOf('stasis_capture_pause_seconds_count{result="succeeded"}')).toBe(0);
    expect(await valueOf('stasis_captures_total{result="failed",reason="FreezeTimeout"}')).toBe(1);
    expect(await valueOf('stasis_captures_total{result="failed",reason="TaskAlreadyTraced"}')).toBe(1);
    expect(await valueOf('stasis_captures_total{result="succeeded",reason="DryRunPassed"}')).toBe(1);
  });

  test('knows for how long a cgroup has been frozen, until it is seen thawed', async () => {
    const target = cgroup('web', false);
    observer.targets(uid(1), [target]);
    expect(await valueOf('stasis_cgroups_frozen')).toBe(0);
    set(target.directory, true);
    await clock.advance(2000);
    expect(await valueOf('stasis_cgroups_frozen')).toBe(1);
    expect(await valueOf('stasis_cgroup_frozen_seconds')).toBe(2);
    ended({ thawUnproved: [target.directory] });
    await clock.advance(3000);
    expect(await valueOf('stasis_cgroup_thaws_unverified_total')).toBe(1);
    expect(await valueOf('stasis_cgroup_frozen_seconds')).toBe(5);
    set(target.directory, false);
    expect(await valueOf('stasis_cgroups_frozen')).toBe(0);
    set(target.directory, true);
    expect(await valueOf('stasis_cgroups_frozen')).toBe(0);
  });

  test('leaves out what somebody else froze, what the capture does not freeze, and what it thawed', async () => {
    const paused = cgroup('paused', true);
    const interrupted = cgroup('interrupted', true, { freezer: 'none' });
    const mine = cgroup('mine', false);
    observer.targets(uid(1), [paused, interrupted, mine]);
    set(mine.directory, true);
    expect(await valueOf('stasis_cgroups_frozen')).toBe(1);
    ended({});
    expect(await valueOf('stasis_cgroups_frozen')).toBe(0);
  });

  test('counts what an earlier agent left frozen', async () => {
    observer.foundFrozen([cgroup('left', true)]);
    observer.refused('NodeAgentRestarted');
    await clock.advance(1000);
    expect(await valueOf('stasis_cgroup_thaws_unverified_total')).toBe(1);
    expect(await valueOf('stasis_cgroup_frozen_seconds')).toBe(1);
    expect(await valueOf('stasis_captures_total{result="failed",reason="NodeAgentRestarted"}')).toBe(1);
  });

  test('counts what guards did, and how often a guard was found again', async () => {
    observer.recovered('Thawed');
    observer.guardRestarted();
    expect(await valueOf('stasis_guard_recoveries_total{outcome="Thawed"}')).toBe(1);
    expect(await valueOf('stasis_guard_restarts_total')).toBe(1);
  });
});
