import { describe, expect, test } from '@jest/globals';
import { fencesOf } from '../../docs/markdown.js';
import { hasCommands, markFaults, parseMark } from '../../docs/marks.js';

function block(language: string, ...lines: string[]) {
  const [comment, ...rest] = lines;
  const [fence] = fencesOf([comment, `\`\`\`${language}`, ...rest, '```'].join('\n'));
  if (fence === undefined) throw new Error('no block');
  return fence;
}

describe('parseMark()', () => {
  test('reads the three kinds', () => {
    expect(parseMark('run: quick-start')).toEqual({ kind: 'run', story: 'quick-start', words: new Map() });
    expect(parseMark('run: runbook with NS=stasis-system NODE=node-1')).toEqual({
      kind: 'run',
      story: 'runbook',
      words: new Map([
        ['NS', 'stasis-system'],
        ['NODE', 'node-1'],
      ]),
    });
    expect(parseMark('not run: needs a registry')).toEqual({ kind: 'not run', reason: 'needs a registry' });
    expect(parseMark('example output')).toEqual({ kind: 'example output' });
  });

  test.each([undefined, '', 'run', 'run:', 'run: Two Words', 'runs: x', 'run: x with', 'run: x with ns=1', 'begin'])(
    'takes %p for no mark',
    (comment) => {
      expect(parseMark(comment)).toBeUndefined();
    },
  );
});

describe('hasCommands()', () => {
  test.each([
    [true, 'console', 'any'],
    [true, 'sh', 'any'],
    [true, 'bash', 'any'],
    [true, '', '$ ls'],
    [true, '', '  kubectl get pods'],
    [true, '', 'bin/stasis checkpoint [--dry-run]'],
    [true, 'text', '# make demo'],
    [false, '', 'NAME   POD'],
    [false, '', 'kubectl-like names'],
    [false, '', '# a comment'],
    [false, 'yaml', 'kubectl: x'],
    [false, 'promql', 'echo'],
  ])('is %p of a block %p with %p', (has, language, line) => {
    expect(hasCommands(block(language, '', line))).toBe(has);
  });
});

describe('markFaults()', () => {
  test.each([
    ['console', '<!-- run: demo -->', '$ ls'],
    ['sh', '<!-- not run: needs a registry -->', 'ls'],
    ['', '<!-- example output -->', 'kubectl apply ──► controller'],
    ['', '', 'NAME'],
    ['', '<!-- example output -->', 'NAME'],
    ['yaml', '', 'a: b'],
  ])('accepts a block %p with %p', (language, comment, line) => {
    expect(markFaults(block(language, comment, line), ['demo'])).toEqual([]);
  });

  test.each([
    ['console', '', '$ ls', 'no line before the block says <!-- run: NAME --> or <!-- not run: WHY -->'],
    [
      'console',
      '<!-- runs: demo -->',
      '$ ls',
      'no line before the block says <!-- run: NAME --> or <!-- not run: WHY -->',
    ],
    ['', '', 'make demo', 'no line before the block says <!-- run: NAME --> or <!-- not run: WHY -->'],
    ['sh', '<!-- not run: -->', 'ls', 'the reason has no words'],
    ['sh', '<!-- not run: no -->', 'ls', 'the reason has no words'],
    ['sh', '<!-- run: other -->', 'ls', 'nothing runs "other" of this document'],
    ['sh', '<!-- example output -->', 'ls', 'a block of a shell is no example output'],
    ['', '<!-- run: demo -->', 'NAME', 'the block has no command to run'],
    ['yaml', '<!-- run: demo -->', 'a: b', 'the block has no command to run'],
  ])('refuses a block %p with %p', (language, comment, line, fault) => {
    expect(markFaults(block(language, comment, line), ['demo'])).toEqual([fault]);
  });
});
