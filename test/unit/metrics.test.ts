import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** Names as they stand in the sources: every metric of ours has its whole name in one string. */
function ownMetrics(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap(
      (entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').match(/(?<=')stasis_[a-z_]+(?=')/g) ?? [],
    );
}

describe('docs/metrics.md', () => {
  const text = readFileSync('docs/metrics.md', 'utf8');
  const metrics = [...new Set(ownMetrics('src'))].toSorted();

  test('explains every metric of ours', () => {
    expect(metrics.length).toBeGreaterThan(8);
    expect(metrics.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test('explains none that there is not', () => {
    const explained = [...new Set(text.match(/\bstasis_[a-z_]+/g))].toSorted();
    expect(explained.filter((name) => !metrics.includes(name))).toEqual([]);
  });
});
