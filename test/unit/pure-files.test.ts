import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { REPOSITORY } from '../kernel/harness/programs.js';

test('pureFiles() lists every file whose header comment says that it is pure, and the folders of pure code', async () => {
  const { pureFiles } = (await import(join(REPOSITORY, 'scripts/pure-files.mjs'))) as { pureFiles: () => string[] };
  const files = pureFiles();
  expect(files).toEqual(
    expect.arrayContaining([
      'src/api/reasons.ts',
      'src/controller/decide.ts',
      'src/kube/retry.ts',
      'src/node-agent/pure/container-target.ts',
      'src/node-agent/service/status.ts',
      'src/node-agent/tracer/watchdog.ts',
    ]),
  );
  expect(files).not.toContain('src/node-agent/service/agent.ts');
  const claimed = files.filter((file) => !/^src\/(api|node-agent\/pure)\//.test(file));
  expect(claimed.filter((file) => !claimsToBePure(file))).toEqual([]);
});

function claimsToBePure(file: string): boolean {
  return /^\/\*\*(?:(?!\*\/)[^])*\bPure\b/.test(readFileSync(join(REPOSITORY, file), 'utf8'));
}
