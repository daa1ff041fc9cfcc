import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { formatCapture } from '../../../src/cli/output.js';
import { renderTree } from '../../../src/cli/render-tree.js';
import { podCapture, processRow, timings } from '../builders.js';

const plain = { color: false };
const hostile = '\u001b[31m\u009b2J\u202e\u2028\u{e0041}\ud800\\ "\n end';

describe('formatCapture()', () => {
  test('formatCapture() prints json as one object, indented by two spaces', () => {
    const text = formatCapture(podCapture(), 'json', plain);
    expect(text.split('\n').slice(0, 3)).toEqual([
      '{',
      '  "apiVersion": "stasis.dev/v1alpha1",',
      '  "kind": "PodCapture",',
    ]);
    expect(text.endsWith('\n}\n')).toBe(true);
    expect(JSON.parse(text)).toEqual(podCapture());
  });

  test('formatCapture() prints yaml without aliases, even where a value occurs twice', () => {
    const twice = timings({ pauseMicroseconds: 7 });
    const capture = podCapture({ timings: twice, samples: [twice, twice] });
    const text = formatCapture(capture, 'yaml', plain);
    expect(text.startsWith('apiVersion: stasis.dev/v1alpha1\nkind: PodCapture\nmetadata:\n  name: sample\n')).toBe(
      true,
    );
    expect(text).not.toMatch(/[&*]a\d/);
    expect(parse(text)).toEqual(capture);
  });

  test('formatCapture() prints the tree as renderTree() draws it', () => {
    expect(formatCapture(podCapture(), 'tree', { color: true })).toBe(renderTree(podCapture(), { color: true }));
  });

  test.each([
    ['json', (text: string): unknown => JSON.parse(text)],
    ['yaml', (text: string): unknown => parse(text)],
  ] as const)('formatCapture() keeps hostile names in %s exactly, and never prints them raw', (format, read) => {
    const names = fc.oneof(fc.constant(hostile), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(names, fc.array(names), (comm, cmdline) => {
        const capture = podCapture({ tree: [processRow({ pid: 7, comm, cmdline })] });
        const text = formatCapture(capture, format, plain);
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(read(text)).toEqual(capture);
      }),
    );
  });
});
