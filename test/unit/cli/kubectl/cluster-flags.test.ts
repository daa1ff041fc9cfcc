import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { addClusterFlags, checkClusterFlags } from '../../../../src/cli/kubectl/cluster-flags.js';

const parse = (words: readonly string[]): object =>
  addClusterFlags(new Command().exitOverride()).parse(words, { from: 'user' }).opts();

describe('the flags of the cluster', () => {
  test('every flag is read; what was not given is absent', () => {
    const words = '-n shop --context c --cluster l --user u --kubeconfig f --as ann --as-group a --as-group b';
    expect(checkClusterFlags(parse([...words.split(' '), '--request-timeout', '1m30s']))).toEqual({
      ok: true,
      value: {
        namespace: 'shop',
        context: 'c',
        cluster: 'l',
        user: 'u',
        kubeconfig: 'f',
        as: 'ann',
        asGroup: ['a', 'b'],
        requestTimeoutMs: 90_000,
      },
    });
    expect(checkClusterFlags(parse([]))).toEqual({ ok: true, value: {} });
  });

  test.each([
    ['5', 5_000],
    ['500ms', 500],
    ['10us', 1],
    ['0', 86_400_000],
    ['0s', 86_400_000],
  ])('--request-timeout %s is %i ms', (text, requestTimeoutMs) => {
    expect(checkClusterFlags({ requestTimeout: text })).toEqual({ ok: true, value: { requestTimeoutMs } });
  });

  test.each([
    [{ namespace: 'Shop' }, '--namespace: "Shop" is no name of a namespace'],
    [{ namespace: '' }, '--namespace: "" is no name of a namespace'],
    [{ namespace: 'x'.repeat(64) }, `--namespace: "${'x'.repeat(64)}" is no name of a namespace`],
    [{ asGroup: ['a'] }, '--as-group: --as is missing'],
    [{ requestTimeout: 'soon' }, '--request-timeout: "soon" is not a duration such as 10s or 250ms'],
    [{ requestTimeout: '-1s' }, '--request-timeout: "-1s" is negative'],
  ])('%j is refused', (raw, message) => expect(checkClusterFlags(raw)).toEqual({ ok: false, message }));
});
