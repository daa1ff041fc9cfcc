import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { REASONS } from '../../src/api/reasons.js';

test('docs/errors.md has one heading for each of REASONS, in their order', () => {
  const headings = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^## (.+)$/gm)].map((match) => match[1]);
  expect(headings).toEqual([...REASONS]);
});
