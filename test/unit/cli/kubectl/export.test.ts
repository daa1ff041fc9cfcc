/** Tests `kubectl stasis export` with real files and a model of the cluster. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ExecRequest } from '../../../../src/cli/kubectl/surroundings.js';
import { clusterWithArtifact, UID } from './artifact-cluster.js';
import { answering, EXEC_FORBIDDEN } from './stasis-cluster.js';
import type { FakePlugin } from './surroundings.js';

const TEXT = `{"kind":"PodCapture","text":"${'é'.repeat(3_000)}"}\n`;
const SHA256 = createHash('sha256').update(TEXT).digest('hex');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-export-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function cluster(artifact: Parameters<typeof clusterWithArtifact>[0]['artifact'] = {}): FakePlugin {
  return clusterWithArtifact({ artifact, text: TEXT });
}

async function exportInto(plugin: FakePlugin, ...more: string[]): Promise<number> {
  // Writing takes real time, and no time of the virtual clock.
  return await plugin.start(['export', 'web-0-x7k2p', '-o', folder, ...more]);
}

describe('kubectl stasis export', () => {
  test('writes the verified artifact, and its digest in the form of sha256sum', async () => {
    const plugin = cluster();
    const asked: ExecRequest[] = [];
    plugin.exec = async (request) => {
      asked.push(request);
      return await answering(TEXT, { errors: `sha256 ${SHA256}\n` })(request);
    };
    const inside = join(folder, 'a', 'b');
    expect(await plugin.start(['export', 'checkpoint/web-0-x7k2p', '-o', inside])).toBe(0);
    expect(plugin.stdout).toBe(`${inside}/web-0-x7k2p.json\n`);
    expect(readdirSync(inside).sort()).toEqual(['web-0-x7k2p.json', 'web-0-x7k2p.sha256']);
    expect(readFileSync(join(inside, 'web-0-x7k2p.json'), 'utf8')).toBe(TEXT);
    expect(readFileSync(join(inside, 'web-0-x7k2p.sha256'), 'utf8')).toBe(`${SHA256}  web-0-x7k2p.json\n`);
    expect(statSync(join(inside, 'web-0-x7k2p.json')).mode & 0o777).toBe(0o600);
    expect(asked.map(({ pod, command }) => [pod, ...command])).toEqual([['agent-node-1', 'stasis', 'artifact', UID]]);
    expect(plugin.stderr).toEqual([`5.9 KiB, SHA-256 verified: ${SHA256}`]);
    expect(plugin.progress.at(-1)).toBe('web-0-8e03: 5.9 KiB of 5.9 KiB');
  });

  test.each([
    ['the status tells another digest', { sha256: 'f'.repeat(64) }, undefined, 'is not the artifact: its SHA-256 is'],
    ['less comes', { sizeBytes: 10_000 }, undefined, 'bytes, and the artifact has 10000; try again'],
    ['more comes', { sizeBytes: 10 }, undefined, 'more came than the 10 bytes of the artifact'],
    ['the agent tells another digest', {}, answering(TEXT, { errors: `sha256 ${'0'.repeat(64)}` }), 'read other bytes'],
    ['the agent tells none', {}, answering(TEXT), 'it says no SHA-256'],
    [
      'the file is gone',
      {},
      answering('', { status: 1, errors: `stasis: there is no artifact ${UID} in /var/lib/stasis\n` }),
      'the artifact is no longer on node node-1',
    ],
    [
      'the connection breaks',
      {},
      async () => await Promise.resolve({ kind: 'failed', message: 'the connection ended' } as const),
      'was not carried out to its end (the connection ended); try again',
    ],
    [
      'the user may not',
      {},
      async () => await Promise.resolve(EXEC_FORBIDDEN),
      'kubectl auth can-i create pods/exec -n stasis-system; it needs pods/exec in the agents',
    ],
  ])('leaves nothing when %s', async (_, artifact, exec, message) => {
    const plugin = cluster(artifact);
    if (exec !== undefined) plugin.exec = exec;
    expect(await exportInto(plugin)).toBe(1);
    expect(plugin.stderr).toEqual([expect.stringContaining(message)]);
    expect(plugin.stdout).toBe('');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('replaces nothing without --force, and follows no link', async () => {
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'mine');
    symlinkSync(victim, join(folder, 'web-0-x7k2p.json'));
    const plugin = cluster();
    expect(await exportInto(plugin)).toBe(1);
    expect(plugin.stderr).toEqual([`error: ${folder}/web-0-x7k2p.json is there already; to replace it: --force`]);
    expect(await exportInto(plugin, '--force')).toBe(0);
    expect(readFileSync(victim, 'utf8')).toBe('mine');
    expect(readFileSync(join(folder, 'web-0-x7k2p.json'), 'utf8')).toBe(TEXT);
    expect(statSync(join(folder, 'web-0-x7k2p.json')).mode & 0o777).toBe(0o600);
  });

  test('leaves nothing after a signal', async () => {
    const plugin = cluster();
    plugin.exec = async ({ onOutput }) => {
      await onOutput(Buffer.from('{'));
      plugin.signal('SIGINT');
      return { kind: 'failed', message: 'interrupted' };
    };
    expect(await exportInto(plugin)).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('says when the folder cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const plugin = cluster();
    expect(await plugin.start(['export', 'web-0-x7k2p', '-o', join(file, 'x')])).toBe(1);
    expect(plugin.stderr).toEqual([`error: nothing can be written into ${file}/x: ENOTDIR`]);
  });

  test('prints the artifact, and warns when what was printed is not it', async () => {
    const plugin = cluster();
    expect(await plugin.start(['export', 'web-0-x7k2p', '-o', '-'])).toBe(0);
    expect(createHash('sha256').update(plugin.stdout).digest('hex')).toBe(SHA256);
    const wrong = cluster({ sha256: 'f'.repeat(64) });
    expect(await wrong.start(['export', 'podcapture/web-0-8e03', '-o', '-'])).toBe(1);
    expect(wrong.stderr).toEqual([expect.stringContaining('; do not use what was printed')]);
  });

  test('asks for a folder', async () => {
    const plugin = cluster();
    expect(await plugin.start(['export', 'web-0-x7k2p'])).toBe(2);
    expect(await plugin.start(['export', '../../etc/passwd', '-o', folder])).toBe(2);
    expect(plugin.connections).toEqual([]);
  });

  test('explains a capture without an artifact, and an agent that is gone', async () => {
    const without = cluster(null);
    expect(await exportInto(without)).toBe(1);
    expect(without.stderr).toEqual([expect.stringContaining('ended with Captured and has no artifact')]);
    const plugin = cluster({ path: `/data/stasis/${UID}.json` });
    const commands: (readonly string[])[] = [];
    plugin.exec = async (request) => {
      commands.push(request.command);
      return await answering(TEXT, { errors: `sha256 ${SHA256}\n` })(request);
    };
    expect(await exportInto(plugin)).toBe(0);
    expect(commands).toEqual([['stasis', 'artifact', UID, '--artifacts', '/data/stasis']]);
  });
});
