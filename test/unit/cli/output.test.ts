import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { formatCapture } from '../../../src/cli/output.js';
import { renderJson } from '../../../src/cli/render-json.js';
import { renderTree } from '../../../src/cli/render-tree.js';
import { renderYaml } from '../../../src/cli/render-yaml.js';
import type { PodCapture } from '../../../src/api/podcapture.js';
import { condition, containerCapture, podCapture, processRow, timings, unfrozenTask } from '../builders.js';

const plain = { color: false };
const render = { json: renderJson, yaml: renderYaml };
const hostile = '\u001b[31m\u009b2J\u202e\u2028\u{e0041}\ufffe\ue000\\ "\n end';

describe('formatCapture()', () => {
  test('formatCapture() prints json as one object, indented by two spaces', async () => {
    const text = await formatCapture(podCapture(), 'json', plain);
    expect(text.split('\n').slice(0, 3)).toEqual([
      '{',
      '  "apiVersion": "stasis.dev/v1alpha1",',
      '  "kind": "PodCapture",',
    ]);
    expect(text.endsWith('\n}\n')).toBe(true);
    expect(JSON.parse(text)).toEqual(podCapture());
  });

  test('formatCapture() prints yaml without aliases, even where a value occurs twice', async () => {
    const twice = timings({ pauseMicroseconds: 7 });
    const capture = podCapture({ timings: twice, samples: [twice, twice] });
    const text = await formatCapture(capture, 'yaml', plain);
    expect(
      text.startsWith('apiVersion: "stasis.dev/v1alpha1"\nkind: "PodCapture"\nmetadata:\n  name: "sample"\n'),
    ).toBe(true);
    expect(text).not.toMatch(/[&*]a\d/);
    expect(parse(text)).toEqual(capture);
  });

  test('formatCapture() prints the tree as renderTree() draws it', async () => {
    expect(await formatCapture(podCapture(), 'tree', { color: true })).toBe(renderTree(podCapture(), { color: true }));
  });

  test.each([
    ['json', (text: string): unknown => JSON.parse(text)],
    ['yaml', (text: string): unknown => parse(text)],
  ] as const)('%s keeps hostile names exactly, and never prints them raw', (format, read) => {
    const names = fc.oneof(fc.constant(hostile), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(names, fc.array(names), (comm, cmdline) => {
        const capture = podCapture({ tree: [processRow({ pid: 7, comm, cmdline })] });
        const text = render[format](capture);
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(read(text)).toEqual(capture);
      }),
    );
  });

  test.each(['json', 'yaml'] as const)('%s writes half of a surrogate pair as U+FFFD', (format) => {
    const tree = [processRow({ pid: 7, comm: 'a\ud800b\udc00' })];
    const read = parse(render[format](podCapture({ tree }))) as PodCapture;
    expect(read.status.tree[0]?.comm).toBe('a\ufffdb\ufffd');
  });

  /** Words that some readers of YAML 1.1 take for something other than a string. */
  const AMBIGUOUS = [
    ...'yes Yes no NO on off y N true False ~ null Null = << - --- ... #x !!int &a *a'.split(' '),
    ...'1_000 0o7 017 0x1F -0x1f 0b101 +1 1. .5 1e3 1.5E+2 .inf -.Inf .NaN 0x1p-2 1:30 190:20:30.15'.split(' '),
    '',
    '2001-01-01',
    '2001-12-14t21:59:43.10-05:00',
    '? a',
    'a: b',
    '%YAML 1.2',
  ];

  const VALUE = /^ *(- )*([A-Za-z]+:( |$))?("([^"\\]|\\.)*"|\d+|true|false|\[\]|\{\})?$/;

  test('renderYaml() writes what a reader of YAML 1.1, such as kubectl, takes for what the json says', () => {
    const text = fc.oneof(
      fc.constantFrom(...AMBIGUOUS),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...Array.from('0123456789_:.-+eExXoObBtTzZ~=<>|?*&!%@` "\'\\\n\t{}[],#')) }),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 6, maxLength: 6 }), fc.array(text), (words, cmdline) => {
        const [comm = '', exe = '', name = '', message = '', waitChannel = '', cgroup = ''] = words;
        const capture = podCapture({
          conditions: [condition({ message })],
          containers: [containerCapture({ name, cgroupPath: cgroup })],
          tree: [processRow({ pid: 7, comm, exe, cmdline, cgroup })],
          unfrozen: [unfrozenTask({ comm, waitChannel })],
        });
        const named = { ...capture, metadata: { name } };
        const json = JSON.parse(renderJson(named)) as unknown;
        expect(json).toEqual(named);
        const yaml = renderYaml(named);
        expect(parse(yaml, { version: '1.1' })).toEqual(json);
        // No string stands without quotes, because readers differ in the bare words that they take for something else.
        for (const line of yaml.split('\n')) expect(line).toMatch(VALUE);
      }),
      { numRuns: 100 },
    );
  });
});
