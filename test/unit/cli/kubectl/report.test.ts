/** Tests `kubectl stasis report`: which tree the page has, and where it goes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clusterWithArtifact, UID } from './artifact-cluster.js';
import { EXEC_FORBIDDEN } from './stasis-cluster.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-report-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function row(pid: number, comm: string): object {
  const ids = { real: 0, effective: 0, saved: 0, filesystem: 0 };
  const none = '0'.repeat(16);
  return {
    pid,
    ppid: 1,
    pgid: pid,
    sid: pid,
    comm,
    state: 'Alive',
    startTime: '2026-01-01T00:00:00Z',
    startTimeTicks: 1,
    uids: ids,
    gids: ids,
    capabilities: { inheritable: none, permitted: none, effective: none, bounding: none, ambient: none },
    noNewPrivileges: true,
    seccomp: 'Filter',
    nsPids: [pid],
    namespaces: {},
    cgroup: '/x',
    threads: [{ tid: pid, comm, state: 'Alive' }],
  };
}

const CUT = { truncated: true, processes: 2, threads: 2, tree: [row(7, 'first-process')] };
const WHOLE = { processes: 2, threads: 2, tree: [row(7, 'first-process'), row(8, 'second-process')] };

function artifact(uid = UID, status: object = WHOLE): string {
  return JSON.stringify({ apiVersion: 'stasis.dev/v1alpha1', kind: 'PodCapture', metadata: { uid }, status });
}

describe('kubectl stasis report', () => {
  test('has the whole tree of the artifact where that of the PodCapture is cut', async () => {
    const plugin = clusterWithArtifact({ text: artifact(), status: CUT });
    expect(await plugin.run(['report', 'web-0-x7k2p'])).toBe(0);
    expect(plugin.stdout).toMatch(/^<!doctype html>/i);
    expect(plugin.stdout).toContain('second-process');
    expect(plugin.stderr).toEqual([]);
  });

  test('asks no node where the tree is whole, or with --no-artifact', async () => {
    const whole = clusterWithArtifact({ text: artifact(), status: WHOLE });
    whole.exec = async () => await Promise.reject(new Error('asked'));
    expect(await whole.run(['report', 'podcapture/web-0-8e03'])).toBe(0);
    expect(whole.stderr).toEqual([]);
    const cut = clusterWithArtifact({ text: artifact(), status: CUT });
    cut.exec = async () => await Promise.reject(new Error('asked'));
    expect(await cut.run(['report', 'web-0-x7k2p', '--no-artifact'])).toBe(0);
    expect(cut.stdout).not.toContain('second-process');
    expect(cut.stderr).toEqual([
      'note: The tree is cut: it has 1 of 2 processes, or not all of their threads. The artifact on node node-1 has all of them.',
    ]);
  });

  test('falls back to the cut tree, with a note', async () => {
    const refused = clusterWithArtifact({ text: artifact(), status: CUT });
    refused.exec = async () => await Promise.resolve(EXEC_FORBIDDEN);
    expect(await refused.run(['report', 'web-0-x7k2p'])).toBe(0);
    expect(refused.stdout).toContain('The whole tree could not be had: you may not create pods/exec');
    const foreign = clusterWithArtifact({ text: artifact('1'.repeat(36)), status: CUT });
    expect(await foreign.run(['report', 'web-0-x7k2p'])).toBe(0);
    expect(foreign.stderr).toEqual([expect.stringContaining('in a form that this plugin does not know')]);
    const large = clusterWithArtifact({ text: artifact(), status: CUT, artifact: { sizeBytes: (64 << 20) + 1 } });
    expect(await large.run(['report', 'web-0-x7k2p'])).toBe(0);
    expect(large.stderr).toEqual([expect.stringContaining('which is too much for a page')]);
  });

  test('writes no HTML to a terminal, and a file for its owner alone', async () => {
    const plugin = clusterWithArtifact({ text: artifact(), status: CUT, options: { width: 80 } });
    expect(await plugin.run(['report', 'web-0-x7k2p'])).toBe(1);
    expect(plugin.stderr).toEqual([
      'error: a page of HTML is not for a terminal; write it to a file: kubectl stasis report web-0-x7k2p -o web-0-x7k2p.html',
    ]);
    const file = join(folder, 'a', 'web.html');
    // Writing takes real time, and no time of the virtual clock.
    expect(await plugin.start(['report', 'web-0-x7k2p', '-o', file])).toBe(0);
    expect(plugin.stdout).toBe(`${file}\n`);
    expect(readFileSync(file, 'utf8')).toContain('second-process');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'a'))).toEqual(['web.html']);
    expect(await plugin.start(['report', 'web-0-x7k2p', '-o', file])).toBe(1);
    expect(plugin.stderr.at(-1)).toBe(`error: ${file} is there already; to replace it: --force`);
    expect(await plugin.start(['report', 'web-0-x7k2p', '-o', file, '--force'])).toBe(0);
  });
});
