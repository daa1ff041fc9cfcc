/** Tests which words may be offered as completions. */
import { describe, expect, test } from '@jest/globals';
import { isPlainWord } from '../../../../src/cli/kubectl/complete-word.js';

describe('isPlainWord()', () => {
  test.each([
    'web-0',
    'pod/web-0',
    'podcapture/',
    '0f8f',
    'kind-dev',
    'admin@prod.example.com',
    'default/api-example-com:6443/kube:admin',
    'arn:aws:eks:eu-central-1:123456789012:cluster/shop',
    'gke_project_europe-west1_shop',
    'prüfung',
  ])('takes %j', (word) => {
    expect(isPlainWord(word)).toBe(true);
  });

  test.each([
    '',
    'web-$(touch x)',
    'web-`id`',
    'a b',
    'a\nb',
    'a\tb',
    "it's",
    'a"b',
    'a\\b',
    'a;b',
    'a&b',
    'a|b',
    'a>b',
    'a<b',
    '~root',
    'a~b',
    '-rf',
    '--context=x',
    ':4',
    '!!',
    'a!b',
    '*',
    'a?b',
    '[a]',
    '{a,b}',
    '#a',
    '^a',
    '$HOME',
    '=ls',
    '%1',
    'a\u00a0b',
    'a\u202eb',
    'a\u001b[31mb',
  ])('leaves out %j', (word) => {
    expect(isPlainWord(word)).toBe(false);
  });
});
