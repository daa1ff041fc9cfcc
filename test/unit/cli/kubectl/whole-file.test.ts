/** Tests the files that appear whole, or not at all. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnfinishedFile } from '../../../../src/cli/kubectl/whole-file.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'stasis-whole-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('UnfinishedFile', () => {
  test('makes the folders above it, and takes those that are there', async () => {
    for (const name of ['one', 'two']) {
      const file = await UnfinishedFile.create(join(folder, 'a', 'b'), name);
      await file.write(Buffer.from(name));
      expect(existsSync(join(folder, 'a', 'b', name))).toBe(false);
      await file.keep();
      expect(readFileSync(join(folder, 'a', 'b', name), 'utf8')).toBe(name);
    }
  });

  test.each(['/proc/stasis-nope', '/proc/stasis-nope/a/b'])('says at once that %s cannot be made', async (path) => {
    await expect(UnfinishedFile.create(path, 'x')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
