import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../../src/cli/arguments.js';
import { formatCapture } from '../../../src/cli/output.js';
import { parseShown } from '../../../src/cli/shown-capture.js';

const ended = {
  apiVersion: 'stasis.dev/v1alpha1',
  kind: 'PodCapture',
  metadata: { name: 'web-0123456789' },
  status: {
    conditions: [{ type: 'Succeeded', status: 'True', reason: 'Captured', message: 'held, read and let go' }],
    timings: { pauseMicroseconds: 618 },
  },
};

describe('parseShown()', () => {
  test('reads JSON and YAML, and adds the fields that the API server omits', () => {
    const shown = parseShown(JSON.stringify(ended));
    expect(shown).toMatchObject({ ok: true, capture: { status: { tree: [], unfrozen: [], joined: 0 } } });
    expect(parseShown('kind: PodCapture\nstatus: {conditions: [], timings: {}}').ok).toBe(true);
    expect(shown.ok && formatCapture(shown.capture, 'tree', { color: false })).toContain('Captured');
  });

  test('reports in one line what is wrong with other input', () => {
    expect(parseShown('{')).toMatchObject({ ok: false, message: expect.stringMatching(/^neither JSON nor YAML: .+$/) });
    expect(parseShown('')).toEqual({ ok: false, message: 'there is no object in it' });
    expect(parseShown('kind: Pod')).toEqual({ ok: false, message: 'it is a Pod, not a PodCapture' });
    expect(parseShown('kind: PodCapture\nmetadata: {name: x}')).toEqual({
      ok: false,
      message: 'PodCapture x has not ended: there is nothing to show yet',
    });
  });
});

describe('stasis show', () => {
  test('reads the standard input, or one file', () => {
    expect(parseArguments(['show'], '1')).toEqual({ kind: 'show', file: '-' });
    expect(parseArguments(['show', 'capture.json'], '1')).toEqual({ kind: 'show', file: 'capture.json' });
    expect(parseArguments(['show', 'a', 'b'], '1')).toEqual({
      kind: 'usage-error',
      message: 'unexpected argument "b"',
    });
  });
});
