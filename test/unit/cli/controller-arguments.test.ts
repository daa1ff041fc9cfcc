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
        sandboxedRuntimeHandlers: [],
        agentDaemonset: 'stasis-node-agent',
        port: 8080,
        workers: 16,
        leaseSeconds: 15,
        logLevel: 'info',
        logFormat: 'json',
      },
    });
  });

  test('accepts every option', () => {
    const given = ['--kubeconfig', 'k', '--namespace', 'own', '--identity', 'me', '--excluded-namespaces', 'a,b-*,'];
    expect(
      parse(
        ...given,
        '--port',
        '0',
        '--workers',
        '8',
        '--default-ttl-seconds',
        '0',
        '--history-limit',
        '500',
        '--sandboxed-runtime-handlers',
        'runsc,kata-*',
        '--lease-seconds',
        '5',
        '--log-level',
        'debug',
        '--log-format',
        'text',
        '--agent-daemonset',
        'd.1',
        '--metrics-port',
        '8443',
        '--metrics-tls',
        '/tls',
      ),
    ).toEqual({
      kind: 'controller',
      options: {
        kubeconfig: 'k',
        namespace: 'own',
        identity: 'me',
        excludedNamespaces: ['a', 'b-*'],
        defaultTTLSeconds: 0,
        historyLimit: 500,
        sandboxedRuntimeHandlers: ['runsc', 'kata-*'],
        agentDaemonset: 'd.1',
        port: 0,
        secureMetrics: { port: 8443, folder: '/tls' },
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
    [['--excluded-namespaces', 'a,B'], '--excluded-namespaces: "B"'],
    [['--excluded-namespaces', 'a,-b'], '--excluded-namespaces: "-b"'],
    [['--excluded-namespaces', 'a.*'], '--excluded-namespaces: "a.*"'],
    [['--sandboxed-runtime-handlers', 'kata|runsc'], '--sandboxed-runtime-handlers: "kata|runsc"'],
    [['--default-ttl-seconds', '31536001'], '--default-ttl-seconds'],
    [['--default-ttl-seconds', ''], '--default-ttl-seconds'],
    [['--history-limit', '0'], '--history-limit'],
    [['--history-limit', '1e3'], '--history-limit'],
    [['--namespace', 'a b'], 'a b'],
    [['--log-level', 'trace'], '--log-level'],
    [['--log-format', 'xml'], '--log-format'],
    [['--agent-daemonset', 'a,metadata.name=b'], 'metadata.name=b'],
    [['--metrics-port', '8443'], '--metrics-tls'],
    [['--metrics-tls', '/tls'], '--metrics-port'],
    [['--metrics-tls', 'tls', '--metrics-port', '1'], 'absolute'],
    [['extra'], 'extra'],
  ])('refuses %j, and names the option', (argv, named) => {
    const parsed = parse(...argv);
    expect(parsed.kind).toBe('usage-error');
    expect(parsed.kind === 'usage-error' && parsed.message).toContain(named);
  });
});
