import { describe, expect, test } from '@jest/globals';
import { renderRepeat } from '../../../src/cli/render-repeat.js';
import { summarize } from '../../../src/node-agent/pure/summary.js';
import { timings } from '../builders.js';

describe('renderRepeat()', () => {
  test('renderRepeat() shows each phase that occurred in any run, and freezing and pause', () => {
    const samples = [1, 2, 30].map((factor) =>
      timings({
        seizeMicroseconds: 400 * factor,
        holdMicroseconds: factor === 2 ? 1_500_000 : 0,
        freezingMicroseconds: 900 * factor,
        pauseMicroseconds: 1000 * factor,
      }),
    );
    expect(renderRepeat({ samples, summary: summarize(samples) }, { color: false })).toBe(`\
3 RUNS        MIN   MEDIAN       P99       MAX
seize       400µs    800µs  12.000ms  12.000ms
hold          0µs      0µs    1.500s    1.500s
freezing    900µs  1.800ms  27.000ms  27.000ms
pause     1.000ms  2.000ms  30.000ms  30.000ms
`);
  });

  test('renderRepeat() is empty without a summary', () => {
    expect(renderRepeat({}, { color: false })).toBe('');
  });

  test('renderRepeat() with colour makes the pause bold', () => {
    const samples = [timings({ pauseMicroseconds: 5 })];
    const text = renderRepeat({ samples, summary: summarize(samples) }, { color: true });
    expect(text).toContain('\u001b[2m1 RUN\u001b[0m');
    expect(text).toContain('\u001b[1mpause\u001b[0m');
  });
});
