/** Tests which holds a pod's own probes would not survive, by value. */
import { describe, expect, test } from '@jest/globals';
import type { Pod, PodContainer, Probe } from '../../../src/pod/pod.js';
import { killsAfterSeconds, probeLimit, probeWouldKill, startupKillsAfterSeconds } from '../../../src/pod/probes.js';
import { NOW, pod, running } from '../controller/builders.js';

/** The time so many seconds before {@link NOW}. */
function ago(seconds: number): string {
  return new Date(NOW - 1000 * seconds).toISOString();
}

/** A pod whose containers all run, and have started unless `started` is false. */
function podOf(containers: readonly PodContainer[], { started = true, startedAt = ago(0) } = {}): Pod {
  const containerStatuses = containers.map(({ name }) => ({
    ...running(name, name),
    state: { running: { startedAt } },
    started,
  }));
  return pod({ spec: { containers }, status: { containerStatuses } });
}

describe('killsAfterSeconds()', () => {
  test.each([
    [{}, 21], // The defaults: 3 failures, every 10 s, each after 1 s.
    [{ failureThreshold: 1, timeoutSeconds: 5 }, 5],
    [{ failureThreshold: 2, periodSeconds: 5, timeoutSeconds: 30 }, 60],
    [{ failureThreshold: 30, periodSeconds: 10, timeoutSeconds: 1 }, 291],
  ])('of %j is %d', (probe, seconds) => {
    expect(killsAfterSeconds(probe)).toBe(seconds);
  });
});

describe('startupKillsAfterSeconds()', () => {
  /** 30 attempts, one every 10 s: 5 + 291 s from the start of the container. */
  const SLOW: Probe = { initialDelaySeconds: 5, failureThreshold: 30, periodSeconds: 10, timeoutSeconds: 2 };

  test.each([
    ['a container that has just started', 0, 297],
    ['one that has been starting for a while', 200, 97],
    ['a fraction of a second, which is rounded down', 200.5, 96],
    ['one that has had all its attempts: a timeout remains', 400, 2],
    ['a clock of the node that is ahead', -60, 297],
  ])('of %s', (_what, seconds, expected) => {
    expect(startupKillsAfterSeconds(SLOW, ago(seconds), NOW)).toBe(expected);
  });

  test.each([undefined, '', 'yesterday'])('takes the whole time where the start is unknown: %p', (startedAt) => {
    expect(startupKillsAfterSeconds(SLOW, startedAt, NOW)).toBe(297);
  });
});

describe('probeWouldKill()', () => {
  const probed = pod({
    spec: {
      containers: [
        { name: 'app', livenessProbe: {} },
        { name: 'log', livenessProbe: { failureThreshold: 1, timeoutSeconds: 2 } },
      ],
      initContainers: [{ name: 'proxy', livenessProbe: { failureThreshold: 1 } }],
    },
  });

  test('names the first container to be restarted, and after how many seconds', () => {
    const refusal = probeWouldKill(probed, ['app', 'log'], 60, NOW);
    expect(refusal?.reason).toBe('ProbeWouldKill');
    expect(refusal?.message).toContain(
      'the liveness probe of container log would have kubelet restart it after 2 s, and the hold is 60 s',
    );
    expect(refusal?.message).toContain('1 more containers');
  });

  test.each([
    ['a command in a container that is not held', ['app'], 20],
    ['a hold that is over before', ['log'], 1],
  ])('does not count %s', (_what, chosen, seconds) => {
    expect(probeWouldKill(probed, chosen, seconds, NOW)).toBeUndefined();
  });

  test('counts the probe of a sidecar', () => {
    expect(probeWouldKill(probed, ['proxy'], 1, NOW)?.message).toContain('container proxy');
  });
});

/** The message that refuses a hold of this container alone for 200 s. */
function startMessage(container: PodContainer, started: boolean): string | undefined {
  return probeWouldKill(podOf([container], { started }), ['app'], 200, NOW)?.message;
}

describe('probeWouldKill() of a container that starts', () => {
  test('gives a startup probe that has failed before only the time that it has left', () => {
    const startupProbe = { failureThreshold: 30, periodSeconds: 10, timeoutSeconds: 1 };
    const starting = podOf([{ name: 'app', startupProbe }], { started: false, startedAt: ago(280) });
    expect(probeWouldKill(starting, ['app'], 200, NOW)?.message).toContain(
      'the startup probe of container app would have kubelet restart it after 11 s',
    );
    expect(probeWouldKill(starting, ['app'], 10, NOW)).toBeUndefined();
  });

  test('counts the liveness probe as well, which follows as soon as the startup probe passes', () => {
    const both = { name: 'app', startupProbe: { failureThreshold: 30 }, livenessProbe: {} };
    const quick = { name: 'app', startupProbe: { failureThreshold: 1 }, livenessProbe: { failureThreshold: 100 } };
    expect(startMessage(both, false)).toContain(
      'the liveness probe of container app would have kubelet restart it after 21 s',
    );
    expect(startMessage(quick, false)).toContain(
      'the startup probe of container app would have kubelet restart it after 1 s',
    );
    expect(startMessage(quick, true)).toBeUndefined();
  });
});

/** As Istio rewrites the probe of an application: the proxy listens on port 15020. */
const PROXY = { name: 'istio-proxy', ports: [{ name: 'status', containerPort: 15_020 }] };

/** A container whose only probe goes to this port. */
function toPort(port: number): PodContainer {
  return { name: 'app', livenessProbe: { httpGet: { port }, failureThreshold: 1 } };
}

/** The message that refuses a hold of the proxy alone. */
function messageOf(containers: readonly PodContainer[]): string | undefined {
  return probeWouldKill(podOf(containers), ['istio-proxy'], 60, NOW)?.message;
}

describe('probeWouldKill() of a container that is not held', () => {
  test('counts a probe that a held container answers, and names both', () => {
    expect(messageOf([toPort(15_020), PROXY])).toContain(
      'the liveness probe of container app (its port 15020 is answered by the held container istio-proxy) would have kubelet ' +
        'restart it after 1 s, and the hold is 60 s',
    );
  });

  test.each<[string, Probe]>([
    ['tcpSocket', { tcpSocket: { port: 15_020 } }],
    ['grpc', { grpc: { port: 15_020 } }],
    ['httpGet with a number as text', { httpGet: { port: '15020' } }],
  ])('counts a probe by %s', (_what, livenessProbe) => {
    expect(messageOf([{ name: 'app', livenessProbe }, PROXY])).toContain('answered by the held container istio-proxy');
  });

  test('counts a startup probe, and the sidecar that is an init container', () => {
    const app = { name: 'app', startupProbe: { httpGet: { port: 15_020 }, failureThreshold: 1 } };
    const meshed = podOf([app], { started: false });
    const sidecar = { ...meshed, spec: { ...meshed.spec, initContainers: [PROXY] } };
    expect(probeWouldKill(sidecar, ['istio-proxy'], 60, NOW)?.message).toContain('the startup probe of container app');
  });

  test('counts a port that no container declares: nobody knows who answers', () => {
    expect(messageOf([toPort(8080), PROXY])).toContain(
      'the liveness probe of container app (its port 8080 may be answered by a held container) would',
    );
  });

  test.each<[string, PodContainer[]]>([
    ['a port that the probed container declares', [{ ...toPort(8080), ports: [{ containerPort: 8080 }] }, PROXY]],
    ['a port that both declare', [{ ...toPort(15_020), ports: [{ containerPort: 15_020 }] }, PROXY]],
    [
      'a port of its own by name',
      [
        {
          name: 'app',
          ports: [{ name: 'status', containerPort: 8080 }],
          livenessProbe: { httpGet: { port: 'status' }, failureThreshold: 1 },
        },
        PROXY,
      ],
    ],
    [
      'the name of a port of another container, for which kubelet sends nothing',
      [{ name: 'app', livenessProbe: { httpGet: { port: 'status' }, failureThreshold: 1 } }, PROXY],
    ],
    [
      'a port that a third container declares',
      [toPort(9000), { name: 'log', ports: [{ containerPort: 9000 }] }, PROXY],
    ],
    ['a command', [{ name: 'app', livenessProbe: { failureThreshold: 1 } }, PROXY]],
  ])('does not count %s', (_what, containers) => {
    expect(messageOf(containers)).toBeUndefined();
  });

  test('does not count a container that does not run', () => {
    const meshed = podOf([toPort(15_020), PROXY]);
    const ended = { ...running('app', 'app'), state: {} };
    const status = { ...meshed.status, containerStatuses: [ended, running('istio-proxy', 'p')] };
    expect(probeWouldKill({ ...meshed, status }, ['istio-proxy'], 60, NOW)).toBeUndefined();
  });
});

describe('probeLimit()', () => {
  test('is the longest hold that is accepted', () => {
    const limited = podOf([
      { name: 'slow', livenessProbe: {} },
      { name: 'fast', livenessProbe: { failureThreshold: 1, timeoutSeconds: 5 } },
    ]);
    expect(probeLimit(limited, ['slow', 'fast'], NOW)).toEqual({
      seconds: 4,
      container: 'fast',
      kind: 'liveness probe',
      because: '',
    });
    expect(probeWouldKill(limited, ['slow', 'fast'], 4, NOW)).toBeUndefined();
    expect(probeWouldKill(limited, ['slow', 'fast'], 5, NOW)?.reason).toBe('ProbeWouldKill');
  });

  test('may be 0, and is absent without a probe that counts', () => {
    const strict = podOf([{ name: 'app', livenessProbe: { failureThreshold: 1, timeoutSeconds: 1 } }]);
    expect(probeLimit(strict, ['app'], NOW)?.seconds).toBe(0);
    expect(probeLimit(podOf([{ name: 'app', readinessProbe: {} }]), ['app'], NOW)).toBeUndefined();
  });

  test('says why a container that is not held counts', () => {
    const meshed = podOf([
      { name: 'app', livenessProbe: { httpGet: { port: 15020 } } },
      { name: 'mesh', ports: [{ containerPort: 15020 }] },
    ]);
    expect(probeLimit(meshed, ['mesh'], NOW)).toMatchObject({
      container: 'app',
      because: '(its port 15020 is answered by the held container mesh)',
    });
  });
});
