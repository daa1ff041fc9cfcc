/** The chart's admission policies as Helm renders them (test/golden/chart): what they match, and what they refuse. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Environment } from '@marcbachmann/cel-js';
import { parseAllDocuments } from 'yaml';
import { celValue, declare, environment, objection } from './cel.js';
import type { Json, Schema } from './crd.js';

const GOLDEN = 'test/golden/chart';

interface Named {
  readonly name: string;
  readonly expression: string;
}

export interface Policy {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly matchConstraints: {
      readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
      readonly resourceRules: readonly {
        readonly apiGroups: readonly string[];
        readonly operations: readonly string[];
        readonly resources: readonly string[];
        readonly resourceNames?: readonly string[];
      }[];
    };
    readonly matchConditions?: readonly Named[];
    readonly variables?: readonly Named[];
    readonly validations: readonly {
      readonly expression: string;
      readonly message?: string;
      readonly messageExpression?: string;
      readonly reason?: string;
    }[];
  };
}

export const RENDERINGS = readdirSync(GOLDEN).filter((file) => file.endsWith('.yaml'));

export function policiesOf(rendering: string): readonly Policy[] {
  const documents = parseAllDocuments(readFileSync(`${GOLDEN}/${rendering}`, 'utf8')).map(
    (document) => document.toJS() as Policy,
  );
  return documents.filter((document) => document.kind === 'ValidatingAdmissionPolicy');
}

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'object', additionalProperties: text };
const lists: Schema = { type: 'object', additionalProperties: { type: 'array', items: text } };

/** The fields of an AdmissionRequest that policies may use. */
const REQUEST: Schema = {
  type: 'object',
  properties: {
    name: text,
    namespace: text,
    operation: text,
    resource: { type: 'object', properties: { group: text, version: text, resource: text } },
    subResource: text,
    userInfo: { type: 'object', properties: { username: text, uid: text, extra: lists } },
  },
};

/** The fields of a Namespace that policies may use. */
const NAMESPACE: Schema = {
  type: 'object',
  properties: { metadata: { type: 'object', properties: { name: text, labels: texts, annotations: texts } } },
};

/** What an authorizer is asked step by step, and its decision. */
class Authorizer {
  readonly asked: Readonly<Record<string, string>>;
  readonly #allows: Allows;
  constructor(allows: Allows, asked: Readonly<Record<string, string>> = {}) {
    this.#allows = allows;
    this.asked = asked;
  }
  with(step: string, value: string): Authorizer {
    return new Authorizer(this.#allows, { ...this.asked, [step]: value });
  }
  get allowed(): boolean {
    return this.#allows(this.asked);
  }
}

export type Allows = (asked: Readonly<Record<string, string>>) => boolean;

function policyEnvironment(): Environment {
  const env = environment();
  declare(env, REQUEST, 'request');
  declare(env, NAMESPACE, 'namespaceObject');
  for (const name of ['object', 'oldObject']) env.registerVariable(name, 'dyn');
  env.registerType('Authorizer', Authorizer);
  env.registerVariable('authorizer', 'Authorizer');
  for (const name of ['group', 'resource', 'subresource', 'namespace', 'name', 'check'])
    env.registerFunction({
      name,
      receiverType: 'Authorizer',
      returnType: 'Authorizer',
      params: [{ name: 'value', type: 'string' }],
      handler: (authorizer: Authorizer, value: string) => authorizer.with(name, value),
    });
  env.registerFunction({
    name: 'serviceAccount',
    receiverType: 'Authorizer',
    returnType: 'Authorizer',
    params: [
      { name: 'namespace', type: 'string' },
      { name: 'name', type: 'string' },
    ],
    handler: (authorizer: Authorizer, namespace: string, name: string) =>
      authorizer.with('serviceAccount', `${namespace}/${name}`),
  });
  env.registerFunction({
    name: 'allowed',
    receiverType: 'Authorizer',
    returnType: 'bool',
    params: [],
    handler: (authorizer: Authorizer) => authorizer.allowed,
  });
  return env;
}

/** Returns what the API server would refuse about the expressions of a policy. A variable sees those before it. */
export function faultsIn({ metadata, spec }: Policy): readonly string[] {
  const found: string[] = [];
  const env = policyEnvironment();
  const look = (expression: string, type: 'bool' | 'string', scope = env): void => {
    const said = objection(scope, expression, type);
    if (said !== undefined) found.push(`${metadata.name}: ${expression}: ${said}`);
  };
  for (const { expression } of spec.matchConditions ?? []) look(expression, 'bool');
  const types: Record<string, string> = {};
  for (const { name, expression } of spec.variables ?? []) {
    const { valid, type, error } = withVariables(types).check(expression);
    if (!valid) found.push(`${metadata.name}: variable ${name}: ${String(error?.message)}`);
    types[name] = type ?? 'dyn';
  }
  const scope = withVariables(types);
  for (const { expression, message, messageExpression } of spec.validations) {
    look(expression, 'bool', scope);
    if (messageExpression !== undefined) look(messageExpression, 'string', scope);
    if (message === undefined && messageExpression === undefined)
      found.push(`${metadata.name}: ${expression}: has no message`);
  }
  return found;
}

function withVariables(types: Readonly<Record<string, string>>): Environment {
  const env = policyEnvironment();
  env.registerType('Variables', { fields: { ...types } });
  env.registerVariable('variables', 'Variables');
  return env;
}

export interface Asked {
  readonly group: string;
  /** With its subresource, such as `podcaptures/status`. */
  readonly resource: string;
  readonly request: { readonly operation: string; readonly userInfo: object; readonly [field: string]: unknown };
  readonly namespaceObject: { readonly metadata: { readonly name: string; readonly labels?: Json } };
  readonly object?: unknown;
  readonly oldObject?: unknown;
  readonly allows?: Allows;
}

/** Returns what the policies say to a request, each as `POLICY: MESSAGE`; nothing when they let it pass. */
export function refusals(policies: readonly Policy[], asked: Asked): readonly string[] {
  return policies.filter((policy) => concerns(policy, asked)).flatMap((policy) => refusalsOf(policy, asked));
}

/** Whether a name of a rule covers a group, operation or resource. */
function isMatch(one: string, wanted: string): boolean {
  return one === '*' || one === wanted || (one.endsWith('/*') && wanted.startsWith(one.slice(0, -1)));
}

function concerns({ spec }: Policy, { group, resource, request, namespaceObject }: Asked): boolean {
  const { namespaceSelector, resourceRules } = spec.matchConstraints;
  const labels = { 'kubernetes.io/metadata.name': namespaceObject.metadata.name, ...namespaceObject.metadata.labels };
  const selected = Object.entries(namespaceSelector?.matchLabels ?? {}).every(
    ([key, value]) => (labels as Json)[key] === value,
  );
  return (
    selected &&
    resourceRules.some(
      (rule) =>
        rule.apiGroups.some((one) => isMatch(one, group)) &&
        rule.operations.some((one) => isMatch(one, request.operation)) &&
        rule.resources.some((one) => isMatch(one, resource)) &&
        rule.resourceNames?.includes(String(request['name'])) !== false,
    )
  );
}

function refusalsOf({ metadata, spec }: Policy, asked: Asked): readonly string[] {
  const env = new PolicyRun(asked);
  if ((spec.matchConditions ?? []).some(({ expression }) => env.evaluate(expression) !== true)) return [];
  for (const { name, expression } of spec.variables ?? []) env.set(name, expression);
  return spec.validations.flatMap(({ expression, message, messageExpression }) => {
    if (env.evaluate(expression) === true) return [];
    return [`${metadata.name}: ${messageExpression === undefined ? message : String(env.evaluate(messageExpression))}`];
  });
}

/** The evaluation of one policy. An expression that fails counts as refused, as with failurePolicy Fail. */
class PolicyRun {
  readonly #context: Record<string, unknown>;
  readonly #variables: Record<string, unknown> = {};

  constructor({ group, resource, request, namespaceObject, object, oldObject, allows }: Asked) {
    const kind = { group, version: 'v1', resource: resource.split('/')[0] };
    this.#context = {
      request: celValue({ ...request, resource: kind }, REQUEST),
      namespaceObject: celValue(namespaceObject, NAMESPACE),
      object: celValue(object ?? null),
      oldObject: celValue(oldObject ?? null),
      authorizer: new Authorizer(allows ?? (() => false)),
    };
  }

  set(name: string, expression: string): void {
    this.#variables[name] = this.evaluate(expression);
  }

  evaluate(expression: string): unknown {
    const known = Object.keys(this.#variables).map((name) => [name, 'dyn']);
    const env = withVariables(Object.fromEntries(known) as Record<string, string>);
    return env.evaluate(expression, { ...this.#context, variables: { ...this.#variables } });
  }
}
