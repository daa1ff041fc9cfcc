/** Tests what the chart renders, with the helm of the throw-away clusters. Needs no cluster. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseArguments } from '../../src/cli/arguments.js';
import { REPOSITORY } from '../kernel/harness/programs.js';
import {
  CHART,
  documents,
  helm,
  one,
  podOf,
  pods,
  render,
  renderByHelm,
  template,
  templateOf,
  type Rendered,
} from './rendered-chart.js';

/** The parts of a JSON Schema that the tests use. */
interface Schema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const IMAGE = 'ghcr.io/stasis-dev/stasis:0.1.0';

let rendered: readonly Rendered[] = [];

// The timeout is long because helm is compiled the first time.
beforeAll(async () => {
  rendered = await renderByHelm();
}, 1_800_000);

describe('helm', () => {
  test('lints the chart without complaint', async () => {
    const ran = await helm('lint', '--strict', CHART);
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining('1 chart(s) linted, 0 chart(s) failed') });
    expect(ran.stdout).not.toMatch(/WARNING|ERROR/);
  });

  test.each(['1.33.9', '1.38.0'])('refuses Kubernetes %s, on which no test runs', async (version) => {
    const ran = await template('--kube-version', version);
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toContain('requires kubeVersion: >=1.34.0-0 <1.38.0-0');
  });

  test.each(['1.34.0', '1.37.2-gke.1000'])('takes Kubernetes %s', async (version) => {
    expect(await template('--kube-version', version)).toMatchObject({ status: 0 });
  });

  test.each([
    ['controller.replicas=two', /controller\/replicas.*got string, want integer/],
    ['controller.replicas=0', /controller\/replicas.*minimum: got 0, want 1/],
    ['controler.replicas=1', /additional properties 'controler' not allowed/],
    ['nodeAgent.maxConcurrentCaptures=0', /maxConcurrentCaptures.*minimum: got 0, want 1/],
    ['nodeAgent.maxUnavailable=0%', /maxUnavailable.*does not match pattern/],
    ['nodeAgent.hostPaths.cgroup=sys/fs/cgroup', /hostPaths\/cgroup.*does not match pattern/],
    ['nodeAgent.hostPaths.artifacts=/var/../etc', /hostPaths\/artifacts.*does not match pattern/],
    ['nodeAgent.tolerations[0].operator=Always', /operator.*value must be one of 'Exists', 'Equal'/],
    ['image.digest=latest', /image\/digest.*does not match pattern/],
    ['image.pullPolicy=Sometimes', /pullPolicy.*value must be one of 'Always', 'IfNotPresent', 'Never'/],
    ['checkpoints.excludedNamespaces={A B}', /excludedNamespaces\/0.*does not match pattern/],
    ['checkpoints.sandboxedRuntimeHandlers={kata|x}', /sandboxedRuntimeHandlers\/0.*does not match pattern/],
    ['checkpoints.historyLimit=0', /historyLimit.*minimum: got 0, want 1/],
    ['checkpoints.ttlSecondsAfterFinished=-1', /ttlSecondsAfterFinished.*minimum/],
    ['controller.excludedNamespaces={kube-system}', /has moved: use checkpoints.excludedNamespaces/],
    ['nodeAgent.maxConcurrentHolds=0', /maxConcurrentHolds.*minimum: got 0, want 1/],
    ['crds.keep=maybe', /crds\/keep.*got string, want boolean/],
    ['uninstall.waitSeconds=3600', /waitSeconds.*maximum: got 3,600, want 60/],
    ['metrics.serviceMonitor.enabled=true,metrics.services=false', /a ServiceMonitor finds its pods by a Service/],
    ['metrics.serviceMonitor.enabled=true,metrics.podMonitor.enabled=true', /each sample would be stored twice/],
    ['metrics.pauseBudgetSeconds=0', /pauseBudgetSeconds: 0 is not between/],
    ['metrics.pauseBudgetSeconds=soon', /pauseBudgetSeconds/],
    ['metrics.pauseBudgetSeconds=6', /pauseBudgetSeconds.*maximum: got 6, want 5/],
    ['metrics.pauseBudgetSeconds=5.01', /pauseBudgetSeconds.*5/],
    ['metrics.secure.port=8080', /metrics\/secure\/port/],
    ['metrics.secure.port=8081', /metrics\/secure\/port/],
    ['metrics.prometheusRule.enabled=true,metrics.prometheusRule.alertLabels.severity=page', /severity of its own/],
    ['networkPolicy.enabled=true,networkPolicy.apiServerPorts=null', /networkPolicy.*apiServerPorts/],
    ['networkPolicy.enabled=true,networkPolicy.apiServerPorts={}', /networkPolicy\/apiServerPorts/],
    ['networkPolicy.enabled=true,networkPolicy.apiServerCIDRs[0]=a: b/8', /apiServerCIDRs\/0.*does not match pattern/],
    ['nodeAgent.artifacts.limit=1Mi', /artifacts.limit: 1Mi is not between 16Mi and 1Ti/],
    // As an integer, this is 1 TiB more than 2^64.
    ['nodeAgent.artifacts.limit=16777217Ti', /artifacts.limit: 16777217Ti is not between 16Mi and 1Ti/],
    ['controller.serviceAccount.create=false', /controller.serviceAccount.name must say which account is used/],
    ['nodeAgent.serviceAccount.name=stasis-controller', /share the service account stasis-controller/],
    ['controller.extraEnv[0].name=POD_NAME', /extraEnv\/0\/name/],
    ['networkPolicy.enabled=true,networkPolicy.metricsFrom[0].podSelector.a=b', /needs metrics.secure.enabled/],
    ['resourceQuota.enabled=true,nodeAgent.priorityClassName=', /resourceQuota.enabled needs nodeAgent.priority/],
    ['nodeAgent.updateStrategy.type=Recreate', /value must be one of 'RollingUpdate', 'OnDelete'/],
    ['log.level=trace', /log\/level/],
  ])('refuses %s and says why', async (setting, message) => {
    const ran = await template('--set', setting);
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toMatch(message);
  });
});

describe('the node agent', () => {
  test('has uid 0, one capability, and no other privilege', () => {
    const pod = podOf(rendered, 'DaemonSet', 'stasis-node-agent');
    expect(pod.securityContext).toEqual({ runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.containers.map(({ securityContext }) => securityContext)).toEqual([
      {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'], add: ['SYS_PTRACE'] },
        appArmorProfile: { type: 'Unconfined' },
      },
    ]);
    const { securityContext } = pod.containers[0] ?? {};
    const guard = { restartPolicy: 'Always', securityContext: { ...securityContext, capabilities: { drop: ['ALL'] } } };
    expect(pod['initContainers']).toEqual([expect.objectContaining(guard)]);
    expect(pod.hostPID).toBe(true);
    expect(pod.hostNetwork).toBeUndefined();
    expect(pod['hostIPC']).toBeUndefined();
  });

  test('mounts the cgroups, the artifacts and the guard journal folder of the node, and nothing else', () => {
    const pod = podOf(rendered, 'DaemonSet', 'stasis-node-agent');
    expect(pod.volumes).toEqual([
      { name: 'cgroup', hostPath: { path: '/sys/fs/cgroup', type: 'Directory' } },
      { name: 'artifacts', hostPath: { path: '/var/lib/stasis' } },
      { name: 'guard-state', hostPath: { path: '/run/stasis/node-agent' } },
      { name: 'guard-socket', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ]);
    expect(pod.containers[0]?.volumeMounts).toEqual([
      { name: 'cgroup', mountPath: '/host/sys/fs/cgroup', mountPropagation: 'HostToContainer' },
      { name: 'artifacts', mountPath: '/var/lib/stasis' },
      { name: 'guard-socket', mountPath: '/run/stasis/guard' },
      { name: 'guard-state', mountPath: '/run/stasis/state', readOnly: true },
    ]);
  });

  test('runs on every Linux node, tainted nodes included, and is not throttled', () => {
    const pod = podOf(rendered, 'DaemonSet', 'stasis-node-agent');
    expect(pod).toMatchObject({
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ operator: 'Exists' }],
      priorityClassName: 'system-node-critical',
      terminationGracePeriodSeconds: 30,
      automountServiceAccountToken: true,
      serviceAccountName: 'stasis-node-agent',
    });
    expect(pod.containers[0]?.resources).toEqual({
      requests: { cpu: '100m', memory: '128Mi' },
      limits: { memory: '768Mi' },
    });
    expect(one(rendered, 'DaemonSet', 'stasis-node-agent').spec).toMatchObject({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' } },
    });
  });

  test('has no priority class when the value is empty', async () => {
    const pod = podOf(await render('--set', 'nodeAgent.priorityClassName='), 'DaemonSet', 'stasis-node-agent');
    expect(pod).not.toHaveProperty('priorityClassName');
  });
});

describe('the chart', () => {
  test('runs a single image, with the name that `make image` gives it', async () => {
    const images = pods(rendered).flatMap(({ containers }) => containers.map(({ image }) => image));
    expect(images).toEqual([IMAGE, IMAGE, IMAGE]);
    const digest = `sha256:${'a'.repeat(64)}`;
    const pinned = await render('--set', `image.digest=${digest}`);
    expect(podOf(pinned, 'DaemonSet', 'stasis-node-agent').containers[0]?.image).toBe(
      `ghcr.io/stasis-dev/stasis@${digest}`,
    );
  });

  test('passes arguments that the product accepts, even with every optional value empty', async () => {
    const emptiest = await render(
      '--set-json',
      'checkpoints={"excludedNamespaces":[],"sandboxedRuntimeHandlers":[],"historyLimit":null,"ttlSecondsAfterFinished":null}',
    );
    for (const { containers } of [...pods(rendered), ...pods(emptiest)])
      for (const { name, args } of containers) expect(parseArguments(args, '0')).toMatchObject({ kind: name });
  });

  test.each(['minimum', 'maximum'] as const)(
    'passes arguments that the product accepts with every number at its %s',
    async (bound) => {
      const { properties } = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
      const settings = Object.entries(properties ?? {}).flatMap(([part, described]) =>
        Object.entries(described.properties ?? {})
          .filter(([, { type }]) => type === 'integer')
          .map(([name, number]) => `${part}.${name}=${number[bound]}`),
      );
      expect(settings.length).toBeGreaterThan(3);
      const extreme = await render(...settings.flatMap((setting) => ['--set', setting]));
      for (const { containers } of pods(extreme))
        for (const { name, args } of containers) expect(parseArguments(args, '0')).toMatchObject({ kind: name });
    },
  );

  test('sets each environment variable of a container once, because Helm 4 refuses duplicates', () => {
    for (const { containers } of pods(rendered))
      for (const { env } of containers) {
        const names = env.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
      }
  });

  test('renders the CRDs of deploy/crds with labels, and adds nothing else', async () => {
    const files = readdirSync(join(REPOSITORY, 'deploy/crds')).filter((file) => file.endsWith('.yaml'));
    const source = files.map((file) => parse(readFileSync(join(REPOSITORY, 'deploy/crds', file), 'utf8')) as Rendered);
    const crds = rendered.filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(crds).toHaveLength(source.length);
    for (const crd of crds) {
      const { labels, annotations, ...metadata } = crd.metadata;
      expect(labels).toMatchObject({ 'app.kubernetes.io/instance': 'stasis' });
      // For Helm, Flux and Argo CD, in this order.
      expect(annotations).toEqual({
        'helm.sh/resource-policy': 'keep',
        'kustomize.toolkit.fluxcd.io/prune': 'disabled',
        'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
      });
      expect(source).toContainEqual({ ...crd, metadata });
    }
    const none = await render('--set', 'crds.install=false');
    expect(none.filter(({ kind }) => kind === 'CustomResourceDefinition')).toEqual([]);
    const unkept = (await render('--set', 'crds.keep=false')).filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(unkept.map(({ metadata }) => metadata['annotations'])).toEqual(source.map(() => undefined));
  });

  test('includes the name of the release in the name of every cluster-wide object', async () => {
    const other = documents(await templateOf('ice'));
    const names = other.filter(({ kind }) => kind !== 'CustomResourceDefinition').map(({ metadata }) => metadata.name);
    expect(names.filter((name) => !name.startsWith('ice-stasis-'))).toEqual([]);
    expect(JSON.stringify(other)).not.toMatch(/stasis-system:stasis-(controller|node-agent|uninstall)/);
    const long = await renderByHelm('--set', `fullnameOverride=${'x'.repeat(40)}`);
    expect(long.filter(({ metadata }) => metadata.name.length > 63)).toEqual([]);
  });

  test('puts every namespaced object into the namespace of the release', () => {
    const cluster = /^(Cluster|CustomResource|FlowSchema|ValidatingAdmission)/;
    expect(
      rendered.filter(({ kind, metadata }) => !cluster.test(kind) && metadata.namespace !== 'stasis-system'),
    ).toEqual([]);
    expect(rendered.filter(({ kind, metadata }) => cluster.test(kind) && metadata.namespace !== undefined)).toEqual([]);
  });

  test('grants no wildcard, no secrets and no exec, and lets no role for users write PodCaptures', () => {
    const rules = rendered.flatMap((object) =>
      (object.rules ?? []).map((rule) => ({ ...rule, role: object.metadata.name })),
    );
    expect(rules.filter(({ verbs, resources }) => [...verbs, ...resources].includes('*'))).toEqual([]);
    const forbidden = ['secrets', 'pods/exec', 'pods/attach', 'nodes/proxy', 'serviceaccounts/token'];
    expect(rules.filter(({ resources }) => resources.some((resource) => forbidden.includes(resource)))).toEqual([]);
    const users = rules.filter(({ role }) => /-(view|edit)$/.test(role));
    const readOnly = ['get', 'list', 'watch'];
    expect(
      users.filter(
        ({ resources, verbs }) => resources.includes('podcaptures') && verbs.some((verb) => !readOnly.includes(verb)),
      ),
    ).toEqual([]);
  });

  test('mounts a token only in pods that ask for it', () => {
    const accounts = rendered.filter(({ kind }) => kind === 'ServiceAccount');
    expect(
      accounts.map((account) => [
        account.metadata.name,
        (account as { automountServiceAccountToken?: boolean }).automountServiceAccountToken,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['stasis-controller', false],
        ['stasis-node-agent', false],
        ['stasis-uninstall', false],
      ]),
    );
  });
});
