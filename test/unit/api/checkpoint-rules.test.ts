/** Checks the rules of a Checkpoint without a cluster. test/cluster/crd-checkpoint.test.ts does so on a real API server. */
import { describe, expect, test } from '@jest/globals';
import { schemaOf, specOf } from './crd.js';
import { FULL, MINIMAL } from './samples.js';
import { violations } from './schema-rules.js';

/** A status with that one condition. */
function by(type: string, status: string, reason = 'Captured'): object {
  return { conditions: [{ type, status, reason }] };
}

describe('the rules of a Checkpoint', () => {
  const spec = specOf('Checkpoint');
  const selector = { matchLabels: { app: 'web' } };

  test.each([
    ['a podName', MINIMAL, []],
    ['a podName with dots', { podName: 'a.b-c.d' }, []],
    ['neither', {}, [': exactly one of podName and podSelector must be set']],
    [
      'both',
      { podName: 'web', podSelector: selector },
      [
        ': exactly one of podName and podSelector must be set',
        '.podSelector: podSelector is reserved and not implemented yet; name one pod in podName',
      ],
    ],
    [
      'a podSelector',
      { podSelector: selector },
      ['.podSelector: podSelector is reserved and not implemented yet; name one pod in podName'],
    ],
    [
      'a podName in capitals',
      { podName: 'Web' },
      [expect.stringMatching(/^\.podName: podName Web is no name of a pod: a/)],
    ],
    [
      'a podName with a line break',
      { podName: 'we\nb' },
      [expect.stringMatching(/^\.podName: podName is no name of a pod, which has lower case letters/)],
    ],
    [
      'a container with a dot',
      { podName: 'web', containers: ['app', 'a.b'] },
      [expect.stringMatching(/^\.containers\[1\]: container a\.b is no name of a container: a/)],
    ],
    ['a hold of which only the time is said', { podName: 'web', hold: { seconds: 5 } }, []],
  ])('violations() of a spec with %s', (_, value, found) => {
    expect(violations(spec, value)).toEqual(found);
  });

  test.each([
    [{ podName: 'other' }, /^\.podName: podName cannot be changed; create another Checkpoint for another pod$/],
    [{ containers: undefined }, /^\.containers: containers cannot be changed/],
    [{ freezer: undefined }, /^\.freezer: freezer cannot be changed/],
    [
      { hold: { seconds: 3599, despiteProbes: true } },
      /^\.hold\.seconds: hold\.seconds cannot be changed; set hold\.release/,
    ],
    [{ hold: { seconds: 3600 } }, /^\.hold\.despiteProbes: hold\.despiteProbes cannot be changed/],
  ])('violations() of the change to %j', (change, message) => {
    expect(violations(spec, { ...FULL, ...change }, FULL)).toEqual([expect.stringMatching(message)]);
  });

  describe('of the whole object', () => {
    const whole = schemaOf('Checkpoint');
    const held = { podName: 'web', hold: { seconds: 60 } };
    const released = { podName: 'web', hold: { seconds: 60, release: true } };
    const notYet = [
      expect.stringMatching(/^\.spec\.hold\.release: the release has not been carried out yet; apply again/),
    ];

    test.each([
      ['no status', undefined, notYet],
      ['no conditions', {}, notYet],
      ['a hold that goes on', by('Held', 'True'), notYet],
      ['a hold that has not begun', by('Held', 'Unknown'), notYet],
      ['a capture in progress', by('Succeeded', 'Unknown'), notYet],
      ['a release', by('Held', 'False'), []],
      ['a success', by('Succeeded', 'True'), []],
      ['a failure', by('Succeeded', 'False'), []],
    ])('violations() of the first manifest after a release, with %s', (_, status, found) => {
      const has = status === undefined ? {} : { status };
      expect(violations(whole, { spec: held, ...has }, { spec: released, ...has })).toEqual(found);
      expect(violations(whole, { spec: released, ...has }, { spec: held, ...has })).toEqual([]);
      expect(violations(whole, { spec: released, ...has }, { spec: released, ...has })).toEqual([]);
      expect(violations(whole, { spec: { podName: 'web' }, ...has }, { spec: { podName: 'web' }, ...has })).toEqual([]);
    });

    const at = (status?: object) => ({ spec: held, ...(status === undefined ? {} : { status }) });
    test('violations() keeps the status and the reason of the end', () => {
      const end = at(by('Succeeded', 'True'));
      const stays = [expect.stringMatching(/^\.status\.conditions: it has ended, and what has ended stays ended$/)];
      expect(violations(whole, end, at(by('Succeeded', 'Unknown', 'Holding')))).toEqual([]);
      expect(violations(whole, end, end)).toEqual([]);
      // A status that is taken away gets the default, in which nothing has ended.
      const others = [
        {},
        { conditions: [] },
        undefined,
        by('Succeeded', 'True', 'DryRunPassed'),
        by('Succeeded', 'Unknown'),
      ];
      for (const status of others) expect(violations(whole, at(status), end)).toEqual(stays);
    });
  });
});
