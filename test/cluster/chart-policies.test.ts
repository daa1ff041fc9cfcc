/** Tests the admission policies and flow schemas that the chart renders. Needs no cluster. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { heartbeatLeaseName } from '../../src/api/kinds.js';
import { one, render, renderByHelm, type Rendered } from './rendered-chart.js';

const POLICY = 'ValidatingAdmissionPolicy';
const EXCLUDED = 'stasis-excluded-namespaces';
const OWN_NAMESPACE = 'stasis-own-namespace';

interface Spec {
  readonly matchConstraints: { readonly namespaceSelector?: object; readonly resourceRules: readonly object[] };
  readonly matchConditions?: readonly { readonly expression: string }[];
  readonly validations: readonly { readonly expression: string; readonly messageExpression?: string }[];
}

let rendered: readonly Rendered[] = [];

// The timeout is long because helm is compiled the first time.
beforeAll(async () => {
  rendered = await renderByHelm();
}, 1_800_000);

function policies(objects: readonly Rendered[]): readonly Rendered[] {
  return objects.filter(({ kind }) => kind === POLICY);
}

function specOf(objects: readonly Rendered[], name: string): Spec {
  return one(objects, POLICY, name).spec as unknown as Spec;
}

describe('the policies', () => {
  test('are bound, each of the six, and fail closed', () => {
    expect(
      policies(rendered)
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual([
      'stasis-agent-own-lease',
      'stasis-agent-own-node',
      'stasis-checkpoint-needs-exec',
      EXCLUDED,
      OWN_NAMESPACE,
      'stasis-podcapture-writers',
    ]);
    for (const { metadata, spec } of policies(rendered)) {
      expect(spec).toMatchObject({ failurePolicy: 'Fail' });
      expect(one(rendered, `${POLICY}Binding`, metadata.name).spec).toEqual({
        policyName: metadata.name,
        validationActions: ['Deny'],
      });
    }
    expect(JSON.stringify(specOf(rendered, 'stasis-agent-own-lease'))).toContain(
      `'${heartbeatLeaseName('')}' + variables.mine`,
    );
  });

  test('are not in the path of any request that is about neither Stasis nor its namespace', () => {
    const foreign = policies(rendered).filter(({ spec }) => {
      const { resourceRules } = (spec as unknown as Spec).matchConstraints;
      return resourceRules.some((rule) => !JSON.stringify(rule).includes('"apiGroups":["stasis.dev"]'));
    });
    expect(foreign.map(({ metadata }) => metadata.name).sort()).toEqual(['stasis-agent-own-lease', OWN_NAMESPACE]);
    for (const { metadata } of foreign)
      expect(specOf(rendered, metadata.name).matchConstraints.namespaceSelector).toEqual({
        matchLabels: { 'kubernetes.io/metadata.name': 'stasis-system' },
      });
  });

  test('refuse the deletion of the own namespace alone, unless the value says otherwise', async () => {
    const { matchConstraints, matchConditions } = specOf(rendered, OWN_NAMESPACE);
    expect(matchConstraints.resourceRules).toEqual([
      {
        apiGroups: [''],
        apiVersions: ['*'],
        operations: ['DELETE'],
        resources: ['namespaces'],
        resourceNames: ['stasis-system'],
      },
    ]);
    expect(matchConditions?.[1]?.expression).toContain("serviceAccount('stasis-system', 'stasis-controller')");
    expect(specOf(rendered, OWN_NAMESPACE).validations).toEqual([
      {
        expression: expect.stringContaining("['stasis.dev/allow-deletion'] == 'true'"),
        reason: 'Forbidden',
        message: expect.stringMatching(
          /helm uninstall stasis --namespace stasis-system.*stasis.dev\/allow-deletion=true/,
        ),
      },
    ]);
    const without = await render('--set', 'protectNamespace=false');
    expect(policies(without).map(({ metadata }) => metadata.name)).not.toContain(OWN_NAMESPACE);
  });

  test('refuse excluded namespaces by name, by pattern and by label, and say by which', async () => {
    expect(specOf(rendered, EXCLUDED).validations).toEqual([
      {
        expression: '!request.namespace.matches("^kube-system$")',
        reason: 'Forbidden',
        messageExpression: expect.stringContaining(
          "checkpoints.excludedNamespaces of the installation has kube-system'",
        ),
      },
    ]);
    const values = {
      excludedNamespaces: ['openshift-*'],
      excludedNamespaceSelector: { matchLabels: { 'a.b/c': 'x' } },
    };
    const changed = await render('--set-json', `checkpoints=${JSON.stringify(values)}`);
    const [pattern, label, ...more] = specOf(changed, EXCLUDED).validations;
    expect(more).toEqual([]);
    expect(pattern?.expression).toBe('!request.namespace.matches("^openshift-.*$")');
    expect(label).toMatchObject({
      expression:
        '!(has(namespaceObject.metadata.labels) && "a.b/c" in namespaceObject.metadata.labels && namespaceObject.metadata.labels["a.b/c"] == "x")',
      messageExpression: expect.stringContaining('excludedNamespaceSelector of the installation has a.b/c=x'),
    });
    const none = await render('--set-json', 'checkpoints.excludedNamespaces=[]');
    expect(policies(none).map(({ metadata }) => metadata.name)).not.toContain(EXCLUDED);
  });
});

describe('the flow schemas', () => {
  test('are for the accounts of Stasis alone, and for the writes that must not wait', async () => {
    const schemas = rendered.filter(({ kind }) => kind === 'FlowSchema');
    const subjects = ['stasis-controller', 'stasis-node-agent'].map((name) => ({
      kind: 'ServiceAccount',
      serviceAccount: { name, namespace: 'stasis-system' },
    }));
    // test/unit/chart/flow-schemas.test.ts compares the verbs with the requests that are really made.
    const rulesOf = (resources: readonly string[]): object => ({
      rules: [{ subjects, resourceRules: [expect.objectContaining({ resources })] }],
    });
    expect(schemas.map(({ spec }) => spec)).toEqual([
      expect.objectContaining({
        priorityLevelConfiguration: { name: 'leader-election' },
        ...rulesOf(['leases']),
      }),
      expect.objectContaining({
        priorityLevelConfiguration: { name: 'workload-high' },
        ...rulesOf(['checkpoints', 'checkpoints/status', 'podcaptures', 'podcaptures/status']),
      }),
    ]);
    const none = await render('--set', 'flowSchema.enabled=false');
    expect(none.filter(({ kind }) => kind === 'FlowSchema')).toEqual([]);
  });
});
