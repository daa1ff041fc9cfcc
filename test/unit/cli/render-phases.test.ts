/** Tests the table of the phases. */
import { describe, expect, test } from '@jest/globals';
import { renderPhases, TIMING_FIELDS } from '../../../src/cli/render-phases.js';
import type { Timings } from '../../../src/api/podcapture.js';

function timings(values: Partial<Timings>): Timings {
  return { ...(Object.fromEntries(TIMING_FIELDS.map((field) => [field, 0])) as unknown as Timings), ...values };
}

describe('renderPhases()', () => {
  test('says where the pause has a hold in it', () => {
    const held = renderPhases(
      { timings: timings({ holdMicroseconds: 917_000, pauseMicroseconds: 919_260 }) },
      { color: false },
    );
    expect(held).toContain('sum with the hold: first touch until the last task was let go');
    const free = renderPhases({ timings: timings({ pauseMicroseconds: 2_260 }) }, { color: false });
    expect(free).toContain('sum: first touch until the last task was let go');
  });
});
