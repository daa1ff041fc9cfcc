/** vm/emulated.sh runs programs of arm64, and changes nothing of the machine. */
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { run, type Ran } from './harness/run.js';
import { sourceFolder } from './harness/source-tree.js';

const BOUND_MS = 60_000;
/** ELF, 64 bits, little-endian, a program for AArch64; nothing follows, so only an interpreter can run the file. */
const HEAD = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0xb7, 0];

const [major = 0, minor = 0] = release().split('.').map(Number);
const reason =
  process.getuid?.() !== 0
    ? 'this needs root'
    : major < 6 || (major === 6 && minor < 7)
      ? 'binfmt_misc of a user namespace needs Linux 6.7'
      : undefined;
if (reason !== undefined) process.stderr.write(`skipped: emulated.sh: ${reason}\n`);

(reason === undefined ? describe : describe.skip)('emulated.sh', () => {
  let folder: string;
  let program: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stasis-emulated-test-'));
    program = join(folder, 'program');
    writeFileSync(program, Buffer.from(HEAD));
    chmodSync(program, 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs it with temporary files in a folder of the test. */
  function emulated(interpreter: string, ...command: readonly string[]): Promise<Ran> {
    const script = join(sourceFolder(), 'vm', 'emulated.sh');
    return run(['sh', script, interpreter, ...command], { env: { TMPDIR: folder } });
  }

  const facts = (): readonly string[] => [
    readFileSync('/proc/self/mounts', 'utf8'),
    readdirSync('/proc/sys/fs/binfmt_misc').join(' '),
    readdirSync(folder).join(' '),
  ];

  test(
    'hands a program of arm64 to the interpreter, also for its children, and nothing to it outside',
    async () => {
      const before = facts();
      // echo prints what an interpreter is given: the path of the program, its name, and its arguments.
      const ran = await emulated('/bin/echo', 'sh', '-c', '"$1" one two; id -u', 'sh', program);
      expect(ran).toEqual({ status: 0, stdout: `${program} ${program} one two\n0\n`, stderr: '' });
      expect(facts()).toEqual(before);
      expect((await run(['sh', '-c', '"$1" one', 'sh', program])).stdout).toBe('');
    },
    BOUND_MS,
  );

  test(
    'ends as the command ends, and takes everything away where it cannot begin',
    async () => {
      const before = facts();
      expect((await emulated('/bin/echo', 'sh', '-c', 'exit 7')).status).toBe(7);
      expect((await emulated('/nonexistent', 'true')).status).not.toBe(0);
      expect(facts()).toEqual(before);
    },
    BOUND_MS,
  );
});
