import { describe } from '@jest/globals';

/** Like `describe`, for tests that bring up clusters on this machine. A skipped test prints the reason. */
export function describeAsRoot(title: string, body: () => void): void {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) process.stderr.write(`skipped: ${title}: this needs root\n`);
  const suite = isRoot ? describe : describe.skip;
  suite(title, () => {
    body();
  });
}
