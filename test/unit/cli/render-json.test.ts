import { describe, expect, test } from '@jest/globals';
import { renderJson } from '../../../src/cli/render-json.js';

describe('renderJson()', () => {
  test('renderJson() carries every value, with nothing raw that a terminal would obey', () => {
    const value = { frozen: [{ directory: '/\u009b\u202e\u{e0001}\ufffe"\\\n' }], well: false };
    const json = renderJson(value);
    expect(JSON.parse(json)).toEqual(value);
    expect(json).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
    expect(json.endsWith('\n}\n')).toBe(true);
  });

  test('renderJson() writes half of a surrogate pair as U+FFFD, and leaves whole pairs', () => {
    expect(JSON.parse(renderJson(['a\ud800b', '\u{1f600}']))).toEqual(['a\ufffdb', '\u{1f600}']);
  });
});
