import { describe, expect, test } from '@jest/globals';
import {
  checkCaptureName,
  checkCheckpointName,
  checkName,
  checkPodName,
  NAME_RULE,
} from '../../../../src/cli/kubectl/names.js';

test('the rule of names in words', () => {
  expect(NAME_RULE).toContain('at most 253 lower-case letters');
});

describe('checkPodName()', () => {
  test.each([
    [['web-0'], 'web-0'],
    [['pod/web-0'], 'web-0'],
    [['pods/web-0'], 'web-0'],
    [['po/web-0'], 'web-0'],
    [['POD/web-0'], 'web-0'],
    [['pod', 'web-0'], 'web-0'],
    [['pod'], 'pod'],
    [['pod/a.b-c.d'], 'a.b-c.d'],
  ])('%j', (words, value) => expect(checkPodName(words)).toEqual({ ok: true, value }));

  test.each([
    [[], 'the pod is missing, as in: pod/web-0'],
    [['web-0', 'web-1'], 'unexpected argument "web-1"'],
    [['pod', 'web-0', 'web-1'], 'unexpected argument "web-1"'],
    [['deploy/web'], '"deploy/web" names a deploy; only pods can be captured, as in: pod/web'],
    [['deployment', 'web'], '"deployment/web" names a deployment; only pods can be captured, as in: pod/web'],
    [['pod/'], `"" cannot be the name of an object: ${NAME_RULE}`],
    [['pod/web/0'], `"web/0" cannot be the name of an object: ${NAME_RULE}`],
    [['Web'], `"Web" cannot be the name of an object: ${NAME_RULE}`],
    [['../secrets'], '"../secrets" names a ..; only pods can be captured, as in: pod/secrets'],
  ])('%j is refused', (words, message) => expect(checkPodName(words)).toEqual({ ok: false, message }));
});

describe('checkCaptureName()', () => {
  test.each([
    ['web-x7k2p', 'checkpoint', 'web-x7k2p'],
    ['checkpoint/web', 'checkpoint', 'web'],
    ['ckpt/web', 'checkpoint', 'web'],
    ['Checkpoints.stasis.dev/web', 'checkpoint', 'web'],
    ['podcapture/web', 'podcapture', 'web'],
    ['podcaptures.stasis.dev/web', 'podcapture', 'web'],
  ])('%s', (word, kind, name) => expect(checkCaptureName([word])).toEqual({ ok: true, value: { kind, name } }));

  test('takes the kind as a word of its own', () => {
    expect(checkCaptureName(['checkpoints', 'web'])).toEqual({ ok: true, value: { kind: 'checkpoint', name: 'web' } });
    expect(checkCaptureName(['podcapture', 'web'])).toEqual({ ok: true, value: { kind: 'podcapture', name: 'web' } });
    expect(checkCaptureName(['checkpoint'])).toEqual({ ok: true, value: { kind: 'checkpoint', name: 'checkpoint' } });
  });

  test.each([
    [['pod', 'web'], '"pod/web" names a pod, and not a Checkpoint; to see them: kubectl stasis list'],
    [[], 'the name of a Checkpoint is missing; to see them: kubectl stasis list'],
    [['pod/web'], '"pod/web" names a pod, and not a Checkpoint; to see them: kubectl stasis list'],
    [['a', 'b'], 'unexpected argument "b"'],
  ])('%j is refused', (words, message) => expect(checkCaptureName(words)).toEqual({ ok: false, message }));

  test('a PodCapture will not do where a Checkpoint is meant', () => {
    expect(checkCheckpointName(['podcapture/web'])).toEqual({
      ok: false,
      message: 'a PodCapture is the work of a Checkpoint; name the Checkpoint; to see them: kubectl stasis list',
    });
    expect(checkCheckpointName(['ckpt/web'])).toEqual({ ok: true, value: 'web' });
  });
});

describe('checkName()', () => {
  test.each(['a', '0', 'a-b', 'a.b', 'x'.repeat(253), 'a--b'])('%s', (name) => expect(checkName(name).ok).toBe(true));
  test.each(['', '-a', 'a-', 'a..b', 'a.-b', '.a', 'a.', 'A', 'a_b', 'a b', 'x'.repeat(254), 'a\n'])(
    '%j is none',
    (name) => expect(checkName(name).ok).toBe(false),
  );
  test('a hostile name takes no time', () => {
    expect(checkName(`${'a-'.repeat(120)}_`).ok).toBe(false);
    expect(checkName('-'.repeat(100_000)).ok).toBe(false);
  });
});
