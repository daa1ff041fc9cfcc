import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../../src/cli/arguments.js';

function parse(...argv: readonly string[]) {
  return parseArguments(['controller', ...argv], '0.0.0');
}

describe('parseArguments(), controller', () => {
  test('has defaults for everything that the environment does not provide', () => {
    expect(parse()).toEqual({
      kind: 'controller',
      options: {
        excludedNamespaces: [],
        port: 8080,
        workers: 4,
        leaseSeconds: 15,
        logLevel: 'info',
        logFormat: 'json',
      },
    });
  });

  test('accepts every option', () => {
    const given = ['--kubeconfig', 'k', '--namespace', 'own', '--identity', 'me', '--excluded-namespaces', 'a,b,'];
    expect(
      parse(
        ...given,
        '--port',
        '0',
        '--workers',
        '8',
        '--lease-seconds',
        '5',
        '--log-level',
        'debug',
        '--log-format',
        'text',
      ),
    ).toEqual({
      kind: 'controller',
      options: {
        kubeconfig: 'k',
        namespace: 'own',
        identity: 'me',
        excludedNamespaces: ['a', 'b'],
        port: 0,
        workers: 8,
        leaseSeconds: 5,
        logLevel: 'debug',
        logFormat: 'text',
      },
    });
  });

  test.each([
    [['--workers', '0'], '--workers'],
    [['--port', '70000'], '--port'],
    [['--lease-seconds', '1'], '--lease-seconds'],
    [['--excluded-namespaces', 'a,B'], 'B'],
    [['--namespace', 'a b'], 'a b'],
    [['--log-level', 'trace'], '--log-level'],
    [['--log-format', 'xml'], '--log-format'],
    [['extra'], 'extra'],
  ])('refuses %j, and names the option', (argv, named) => {
    const parsed = parse(...argv);
    expect(parsed.kind).toBe('usage-error');
    expect(parsed.kind === 'usage-error' && parsed.message).toContain(named);
  });
});
