/** Tests the teller of the stories, with a cluster of scripts. */
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openTeller, type Teller } from '../../cluster/e2e/teller.js';
import type { Cluster } from '../../cluster/harness/cluster.js';
import type { Story } from '../../docs/stories.js';

const OK = { status: 0, stdout: '', stderr: '' };
const STORY: Story = { name: 'demo', documents: /^docs\//, where: 'cluster', before: ['kubectl apply -f web.yaml'] };
const KUBECTL = '#!/bin/sh\necho "$*" >> "$LOG"\n[ "$1" != fail ] || exit 4\necho "ran $*"\n';

let root: string;
let teller: Teller;

function log(): string[] {
  return readFileSync(join(root, 'log'), 'utf8').split('\n').filter(Boolean);
}

function write(words: readonly string[]): void {
  appendFileSync(join(root, 'log'), `harness: ${words.slice(0, 2).join(' ')}\n`);
}

/** Only what the teller needs of a cluster. */
function fakeCluster(): Cluster {
  const fake: Pick<Cluster, 'tool' | 'kubectl' | 'helm'> = {
    tool: (name) => ({ command: join(root, 'bin', name), env: { LOG: join(root, 'log') } }),
    kubectl: async (args) => {
      write(args);
      return await Promise.resolve(OK);
    },
    helm: async (args) => {
      write(args);
      return await Promise.resolve(OK);
    },
  };
  return fake as Cluster;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stasis-teller-'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'plugin'));
  writeFileSync(join(root, 'bin', 'kubectl'), KUBECTL);
  chmodSync(join(root, 'bin', 'kubectl'), 0o755);
  writeFileSync(join(root, 'log'), '');
  teller = openTeller(fakeCluster(), join(root, 'plugin'));
});
afterEach(() => {
  teller.close();
  rmSync(root, { recursive: true });
});

function document(name: string, ...lines: string[]) {
  return { path: `docs/${name}.md`, text: ['<!-- run: demo -->', '```console', ...lines, '```'].join('\n') };
}

describe('openTeller()', () => {
  test('does what comes before, tells each document, and cleans up', async () => {
    const told = [document('one', '$ kubectl get a', 'ran get a'), document('two', '$ kubectl get b')];
    expect(await teller.tell(STORY, told)).toEqual([]);
    expect(log()).toEqual([
      'apply -f web.yaml',
      'get a',
      'get b',
      'harness: delete checkpoints.stasis.dev',
      'harness: delete pods',
    ]);
  });

  test('names the line that differs, goes on with the next document, and cleans up', async () => {
    const told = [
      document('one', '$ kubectl fail', '$ kubectl get a'),
      document('two', '$ kubectl get b', 'ran get c'),
    ];
    expect(await teller.tell(STORY, told)).toEqual([
      'docs/one.md:3: $ kubectl fail\nended with status 4; it printed:\n',
      'docs/two.md:3: $ kubectl get b\nprinted no line like: ran get c\nit printed:\nran get b\n',
    ]);
    expect(log().slice(-2)).toEqual(['harness: delete checkpoints.stasis.dev', 'harness: delete pods']);
  });

  test('tells nothing when what comes before fails', async () => {
    const faults = await teller.tell({ ...STORY, before: ['kubectl fail'] }, [document('one', '$ kubectl get a')]);
    expect(faults).toEqual([expect.stringMatching(/^before demo:1: \$ kubectl fail\nended with status 4/)]);
    expect(log()).not.toContain('get a');
  });

  test('says so when the plugin is not built', async () => {
    const told = [document('one', '$ kubectl stasis list')];
    expect(await teller.tell(STORY, told)).toEqual([`${root}/plugin/kubectl-stasis is missing`]);
    writeFileSync(join(root, 'plugin', 'kubectl-stasis'), '');
    expect(await teller.tell(STORY, told)).toEqual([]);
  });

  test('sets the release back after a story that changes it', async () => {
    await teller.tell({ ...STORY, changesRelease: true }, [document('one', '$ kubectl get a')]);
    expect(log()).toContain('harness: upgrade stasis');
  });

  test('throws when a command of a test itself fails', async () => {
    await expect(teller.must('prepare', ['kubectl get a', 'kubectl fail'])).rejects.toThrow(
      'prepare:2: $ kubectl fail',
    );
  });
});
