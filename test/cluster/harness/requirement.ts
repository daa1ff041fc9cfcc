import { describe } from '@jest/globals';

/** Like `describe`, for tests that bring clusters up on this machine. A skip says why. */
export function describeAsRoot(title: string, body: () => void): void {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) process.stderr.write(`skipped: ${title}: this needs root\n`);
  const suite = isRoot ? describe : describe.skip;
  suite(title, () => {
    body();
  });
}
