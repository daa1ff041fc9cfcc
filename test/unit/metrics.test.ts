import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** Finds the names of Stasis's own metrics in the sources. Each name stands there as one whole string. */
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

  test("explains each of Stasis's own metrics", () => {
    expect(metrics.length).toBeGreaterThan(8);
    expect(metrics.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test('explains no metric that does not exist', () => {
    const explained = [...new Set(text.match(/\bstasis_[a-z_]+/g))].toSorted();
    expect(explained.filter((name) => !metrics.includes(name))).toEqual([]);
  });
});
