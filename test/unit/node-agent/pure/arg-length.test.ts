import { describe, expect, test } from '@jest/globals';
import { argLength } from '../../../../src/node-agent/pure/arg-length.js';

/** Linux 6.18, `sleep 1000`: 11 bytes of arguments. */
const STAT =
  '4711 (sleep) S 1 4711 4711 0 -1 4194304 105 0 0 0 0 0 0 0 20 0 1 0 12345 2990080 384 18446744073709551615 ' +
  '94019287289856 94019287306977 140726188839792 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 94019287318128 94019287319392 ' +
  '94019563401216 140726188847478 140726188847489 140726188847489 140726188851179 0\n';

describe('argLength()', () => {
  test('argLength() is the distance from arg_start to arg_end', () => {
    expect(argLength(STAT)).toBe(11);
  });

  test('argLength() is not misled by a name', () => {
    expect(argLength(STAT.replace('(sleep)', '(a) S 1 2 (b) 3\n)'))).toBe(11);
  });

  test('argLength() is 0 where there is none, or the file is damaged', () => {
    const none = STAT.replace('140726188847478 140726188847489', '0 0');
    const reversed = STAT.replace('140726188847478 140726188847489', '140726188847489 140726188847478');
    for (const text of [none, reversed, STAT.slice(0, 200), '', 'x']) expect(argLength(text)).toBe(0);
  });
});
