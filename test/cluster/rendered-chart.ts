/** Renders the chart with helm and parses the result into objects. Needs no cluster. */
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { run, type Ran } from './harness/run.js';
import { furtherProgram, programs } from './harness/tools.js';
import { withLookups, type Objects } from './lookups.js';

export const CHART = join(REPOSITORY, 'deploy/helm');

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string }[];
  readonly securityContext: object;
  readonly resources: { readonly limits: object; readonly requests: object };
  readonly volumeMounts?: readonly object[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly securityContext: object;
  readonly serviceAccountName: string;
  readonly hostPID?: boolean;
  readonly hostNetwork?: boolean;
  readonly volumes?: readonly { readonly name: string; readonly hostPath?: object }[];
  readonly [field: string]: unknown;
}

export interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec; readonly metadata: object };
    readonly [field: string]: unknown;
  };
  readonly roleRef?: object;
  readonly subjects?: readonly object[];
  readonly rules?: readonly { readonly verbs: readonly string[]; readonly resources: readonly string[] }[];
}

export const HELMS = ['helm', 'helm4'] as const;

/** Runs the helm of the throw-away clusters. The first time it is compiled, which takes minutes. */
export async function helm(...args: readonly string[]): Promise<Ran> {
  return await helmOf('helm', ...args);
}

export async function helmOf(which: (typeof HELMS)[number], ...args: readonly string[]): Promise<Ran> {
  const program = which === 'helm' ? join(await programs(), 'bin', which) : await furtherProgram(which);
  return await run([program, ...args]);
}

/** Runs `helm template` as release `stasis` in the namespace `stasis-system`. */
export async function template(...args: readonly string[]): Promise<Ran> {
  return await templateOf('stasis', ...args);
}

export async function templateOf(release: string, ...args: readonly string[]): Promise<Ran> {
  // A helm that was built from its module assumes Kubernetes 1.20, which the chart refuses.
  return await helm('template', release, CHART, '-n', 'stasis-system', '--kube-version', '1.34.4', ...args);
}

/** Renders what `helm install` renders, where the cluster has these objects. */
export async function templateByHelm(objects: Objects, ...args: readonly string[]): Promise<Ran> {
  return await withLookups(objects, async (lookups) => await template(...lookups, ...args));
}

export async function renderByHelm(...args: readonly string[]): Promise<readonly Rendered[]> {
  return documents(await templateByHelm({}, ...args));
}

/** Returns the objects that helm printed. Throws when it failed, or when a key occurs twice. */
export function documents(ran: Ran): readonly Rendered[] {
  if (ran.status !== 0) throw new Error(ran.stderr);
  return parseAllDocuments(ran.stdout, { uniqueKeys: true }).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const object = document.toJS() as Rendered | null;
    return object === null ? [] : [object];
  });
}

export async function render(...args: readonly string[]): Promise<readonly Rendered[]> {
  return documents(await template(...args));
}

/** Returns the only object of that kind and name. */
export function one(from: readonly Rendered[], kind: string, name: string): Rendered {
  const found = from.filter((object) => object.kind === kind && object.metadata.name === name);
  const [object] = found;
  if (object === undefined || found.length > 1) throw new Error(`${found.length} objects ${kind} ${name}`);
  return object;
}

/** Returns the pod template's spec of a workload. */
export function podOf(from: readonly Rendered[], kind: string, name: string): PodSpec {
  const pod = one(from, kind, name).spec?.template?.spec;
  if (pod === undefined) throw new Error(`${kind} ${name} makes no pods`);
  return pod;
}

export function pods(from: readonly Rendered[]): readonly PodSpec[] {
  return from.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.spec]));
}
