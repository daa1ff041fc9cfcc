import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseArguments } from '../../../src/cli/arguments.js';
import { renderTree } from '../../../src/cli/render-tree.js';
import { parseShown } from '../../../src/cli/parse-shown.js';
import { renderShown } from '../../../src/cli/shown-capture.js';
import { podCapture, processRow } from '../builders.js';

const ended = {
  apiVersion: 'stasis.dev/v1alpha1',
  kind: 'PodCapture',
  metadata: { name: 'web-0123456789' },
  status: {
    conditions: [{ type: 'Succeeded', status: 'True', reason: 'Captured', message: 'held, read and let go' }],
    timings: { pauseMicroseconds: 618 },
  },
};

function list(...items: object[]): string {
  return JSON.stringify({ kind: 'List', items });
}

describe('parseShown()', () => {
  test('reads JSON and YAML, and adds the fields that the API server omits', () => {
    const shown = parseShown(JSON.stringify(ended));
    expect(shown).toMatchObject({ ok: true, capture: { status: { tree: [], unfrozen: [], joined: 0 } } });
    expect(parseShown('kind: PodCapture\nstatus: {conditions: [], timings: {}}').ok).toBe(true);
    expect(shown.ok && renderTree(shown.capture, { color: false })).toContain('Captured');
  });

  test('takes the only object of a List, and tells where a PodCapture is otherwise', () => {
    expect(parseShown(list(ended))).toEqual(parseShown(JSON.stringify(ended)));
    expect(parseShown(list(ended, ended))).toEqual({
      ok: false,
      message: 'it is a List of 2 objects; give one PodCapture',
    });
    const checkpoint = { kind: 'Checkpoint', status: { pods: [{ captureName: 'web-0123456789' }] } };
    expect(parseShown(JSON.stringify(checkpoint))).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^it is a Checkpoint; its PodCapture is .?web-0123456789.?$/),
    });
  });

  test('reports in one line what is wrong with other input', () => {
    expect(parseShown('{')).toMatchObject({ ok: false, message: expect.stringMatching(/^neither JSON nor YAML: .+$/) });
    expect(parseShown('')).toEqual({ ok: false, message: 'there is no object in it' });
    expect(parseShown('kind: Pod')).toEqual({ ok: false, message: 'it is a Pod, not a PodCapture' });
    const conditions = [{ type: 'Succeeded' }];
    expect(parseShown(JSON.stringify({ ...ended, status: { ...ended.status, conditions } }))).toEqual({
      ok: false,
      message: 'PodCapture web-0123456789 has a condition that is none',
    });
    expect(parseShown(`a: ${'b'.repeat(5 << 20)}`)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^neither JSON nor YAML: [0-9]+ characters are too many/),
    });
    expect(parseShown('kind: PodCapture\nmetadata: {name: x}')).toEqual({
      ok: false,
      message: 'PodCapture x has not ended: its tree comes when the pod is let go',
    });
  });
});

describe('renderShown()', () => {
  test('renderShown() never throws, whatever somebody made of a capture', () => {
    const paths = ['comm', 'threads', 'uids', 'cgroup', 'pid', 'state', 'cmdline', 'cmdlineCut', 'exe', 'stopSignal'];
    const odd = fc.oneof(
      fc.constantFrom(null, 7, '', 'x', true),
      fc.array(fc.anything(), { maxLength: 2 }),
      fc.object(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), odd, (path, value) => {
        const capture = podCapture();
        const tree = [{ ...processRow({ pid: 1 }), [path]: value }];
        const shown = parseShown(JSON.stringify({ ...capture, status: { ...capture.status, tree } }));
        const rendered = shown.ok ? renderShown(shown.capture, { color: false }) : shown;
        expect(rendered.ok ? rendered.text : rendered.message).toMatch(rendered.ok ? /\n$/ : /^[^\n]+$/);
      }),
    );
  });

  test('renderShown() takes a phase that the object does not name for one that was not gone through', () => {
    const shown = parseShown(JSON.stringify(ended));
    const rendered = shown.ok ? renderShown(shown.capture, { color: false }) : shown;
    expect(rendered).toMatchObject({ ok: true, text: expect.stringMatching(/^PHASE +TIME\npause +618µs/m) });
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
