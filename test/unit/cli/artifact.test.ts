import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../../src/cli/arguments.js';
import { streamArtifact } from '../../../src/cli/artifact.js';

const UID = 'c0000000-0000-4000-8000-000000000001';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-artifact-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function streamed(write?: (bytes: Uint8Array) => string | undefined) {
  const pieces: Buffer[] = [];
  const keep = (bytes: Uint8Array): undefined => void pieces.push(Buffer.from(bytes));
  const result = await streamArtifact(
    { uid: UID, folder },
    async (bytes) => await Promise.resolve((write ?? keep)(bytes)),
  );
  return { result, bytes: Buffer.concat(pieces) };
}

describe('streamArtifact()', () => {
  test('writes every byte, in pieces, and returns the digest', async () => {
    const content = Buffer.alloc(1_000_001, 'stasis ');
    writeFileSync(join(folder, `${UID}.json`), content);
    const { result, bytes } = await streamed();
    expect(bytes.equals(content)).toBe(true);
    expect(result).toEqual({ ok: true, sha256: createHash('sha256').update(content).digest('hex') });
  });

  test('says in one line that there is none, or that it cannot be read', async () => {
    expect((await streamed()).result).toEqual({ ok: false, message: `there is no artifact ${UID} in ${folder}` });
    mkdirSync(join(folder, `${UID}.json`));
    expect((await streamed()).result).toMatchObject({ message: expect.stringContaining('is not a regular file') });
  });

  test('follows no link, and does not wait for the writer of a FIFO', async () => {
    writeFileSync(join(folder, 'secret'), 'secret');
    symlinkSync(join(folder, 'secret'), join(folder, `${UID}.json`));
    expect(await streamed()).toMatchObject({
      bytes: Buffer.alloc(0),
      result: { ok: false, message: expect.stringContaining('ELOOP') },
    });
    rmSync(join(folder, `${UID}.json`));
    execFileSync('mkfifo', [join(folder, `${UID}.json`)]);
    expect((await streamed()).result).toMatchObject({ message: expect.stringContaining('is not a regular file') });
  });

  test('stops when the output cannot be written', async () => {
    writeFileSync(join(folder, `${UID}.json`), Buffer.alloc(1_000_000));
    let writes = 0;
    const { result } = await streamed(() => {
      writes += 1;
      return 'EPIPE: broken pipe';
    });
    expect([writes, result]).toEqual([
      1,
      { ok: false, message: 'the standard output cannot be written: EPIPE: broken pipe' },
    ]);
  });
});

describe('parseArguments() of artifact', () => {
  test('takes a UID and a folder', () => {
    expect(parseArguments(['artifact', UID], '1')).toEqual({ kind: 'artifact', uid: UID, folder: '/var/lib/stasis' });
    expect(parseArguments(['artifact', UID, '--artifacts', '/a'], '1')).toMatchObject({ folder: '/a' });
  });

  test.each([
    [['../../etc/passwd'], '"../../etc/passwd" is no UID of a PodCapture'],
    [[UID.toUpperCase()], `"${UID.toUpperCase()}" is no UID of a PodCapture`],
    [[UID, 'more'], 'unexpected argument "more"'],
    [[UID, '--artifacts', 'here'], '--artifacts: "here" is not an absolute path'],
  ])('refuses %j', (args, message) => {
    expect(parseArguments(['artifact', ...args], '1')).toEqual({ kind: 'usage-error', message });
  });

  test('refuses a command line without a UID', () => {
    expect(parseArguments(['artifact'], '1')).toMatchObject({ kind: 'usage-error' });
  });
});

describe('stasis artifact', () => {
  test('prints the artifact to stdout, and its digest to stderr', () => {
    writeFileSync(join(folder, `${UID}.json`), '{"kind":"PodCapture"}\n');
    const { status, stdout, stderr } = run(['bin/stasis', 'artifact', UID, '--artifacts', folder]);
    const sha256 = createHash('sha256').update('{"kind":"PodCapture"}\n').digest('hex');
    expect([status, stdout, stderr]).toEqual([0, '{"kind":"PodCapture"}\n', `sha256 ${sha256}\n`]);
  });

  test('fails with one line without an artifact, with a reader that has gone, and on a full disk', () => {
    const absent = run(['bin/stasis', 'artifact', UID, '--artifacts', folder]);
    expect([absent.status, absent.stderr]).toEqual([1, `stasis: there is no artifact ${UID} in ${folder}\n`]);
    writeFileSync(join(folder, `${UID}.json`), Buffer.alloc(1_000_000, 'x'));
    const command = `bin/stasis artifact ${UID} --artifacts ${folder}`;
    const gone = run(['bash', '-c', `{ ${command}; echo "status $?" >&2; } | head -c 1`]);
    expect(gone.stderr).toBe('stasis: the standard output cannot be written: EPIPE: broken pipe\nstatus 1\n');
    const full = run(['bash', '-c', `${command} > /dev/full`]);
    expect(full.stderr).toMatch(/^stasis: the standard output cannot be written: ENOSPC: [^\n]+\n$/);
    expect(full.status).toBe(1);
  });
});

function run([command = '', ...args]: readonly string[]) {
  return spawnSync(command, args, { encoding: 'utf8' });
}
