import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../../src/cli/arguments.js';

describe('parseArguments() of node-agent', () => {
  test('parseArguments() has defaults for everything that the environment does not provide', () => {
    expect(parseArguments(['node-agent'], '1')).toEqual({
      kind: 'node-agent',
      options: {
        artifacts: '/var/lib/stasis',
        artifactsLimitBytes: 1_073_741_824,
        pauseBudgetSeconds: 0.1,
        guard: '/run/stasis/guard/private/guard.sock',
        port: 8081,
        maxConcurrentCaptures: 4,
        maxConcurrentHolds: 8,
        logLevel: 'info',
        logFormat: 'json',
      },
    });
  });

  test('parseArguments() accepts every option', () => {
    const args = [
      '--kubeconfig=k',
      '--node-name=n',
      '--namespace=s',
      '--pod-uid=u',
      '--cgroup-root=/host',
      '--artifacts=/a',
      '--guard=/g/s',
      '--log-level=warn',
      '--log-format=text',
      '--artifacts-limit-bytes=16777216',
      '--pause-budget=2.5ms',
      '--max-concurrent-holds=16',
      '--metrics-port=8443',
      '--metrics-tls=/tls',
    ];
    expect(parseArguments(['node-agent', ...args, '--port=0', '--max-concurrent-captures=64'], '1')).toEqual({
      kind: 'node-agent',
      options: {
        kubeconfig: 'k',
        nodeName: 'n',
        namespace: 's',
        podUid: 'u',
        cgroupRoot: '/host',
        artifacts: '/a',
        artifactsLimitBytes: 16_777_216,
        pauseBudgetSeconds: 0.0025,
        guard: '/g/s',
        port: 0,
        secureMetrics: { port: 8443, folder: '/tls' },
        maxConcurrentCaptures: 64,
        maxConcurrentHolds: 16,
        logLevel: 'warn',
        logFormat: 'text',
      },
    });
  });

  test.each([
    [['--port', '65536'], '--port: "65536" is not a whole number from 0 to 65535'],
    [['--max-concurrent-captures', '0'], '--max-concurrent-captures: "0" is not a whole number from 1 to 64'],
    [['--max-concurrent-holds', '65'], '--max-concurrent-holds: "65" is not a whole number from 1 to 64'],
    [['--artifacts', 'here'], '--artifacts: "here" is not an absolute path'],
    [['--guard', 'g'], '--guard: "g" is not an absolute path'],
    [['--cgroup-root', '.'], '--cgroup-root: "." is not an absolute path'],
    [['--namespace', 'Not_One'], '"Not_One" is no name of a namespace'],
    [['--log-level', 'all'], '--log-level: "all" is not one of: debug, info, warn, error'],
    [['--log-format', 'xml'], '--log-format: "xml" is not one of: json, text'],
    [
      ['--artifacts-limit-bytes', '1Gi'],
      '--artifacts-limit-bytes: "1Gi" is not a whole number from 16777216 to 1099511627776',
    ],
    [['--pause-budget', '0'], '--pause-budget: "0" is no time at all'],
    [['more'], 'unexpected argument "more"'],
  ])('parseArguments() refuses %j', (args, message) => {
    expect(parseArguments(['node-agent', ...args], '1')).toEqual({ kind: 'usage-error', message });
  });
});
