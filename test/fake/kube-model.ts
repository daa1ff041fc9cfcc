/**
 * A small API server in memory with resourceVersions, generations, finalizers, deletion, owner references, server-side
 * apply of a status, and the rules of the two kinds. It has only what controller and agent rely on; test/cluster uses a
 * real API server.
 */
import type { KubeApi, Named, WatchEvent } from '../../src/kube/api.js';
import { failure, success, type KubeResult } from '../../src/kube/result.js';
import type { KubeObject, Resource } from '../../src/kube/types.js';
import { isObject, mergePatch, mergeStatus, type Json } from './kube-model-merge.js';
import { violation } from './kube-model-rules.js';
import { modelEvents, type ModelEvent } from './kube-model-watch.js';

/** One request, as an interceptor sees it. */
export interface ModelCall {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'apply' | 'patch' | 'replace' | 'delete';
  readonly plural: string;
  readonly name: string;
}

/** Intercepts requests: it may answer itself, before or after the server has carried out the request, or throw. */
export type Intercept = <T>(call: ModelCall, perform: () => KubeResult<T>) => KubeResult<T>;

type Stored = KubeObject & { readonly spec?: Json; readonly status?: Json };

export class KubeModel {
  readonly #objects = new Map<string, Stored>();
  /** Keyed by object and manager: the status fields that the manager applied last. */
  readonly #applied = new Map<string, Map<string, Json>>();
  readonly #wall: () => number;
  readonly #listeners = new Set<() => void>();
  #revision = 100;
  /** Every change so far, in order. */
  readonly events: ModelEvent[] = [];

  constructor(wall: () => number) {
    this.#wall = wall;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Returns all objects of a kind. */
  all<T extends KubeObject>({ plural }: Resource<T>): T[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${plural}/`))
      .map(([, object]) => object as unknown as T);
  }

  find<T extends KubeObject>({ plural }: Resource<T>, namespace: string, name: string): T | undefined {
    return this.#objects.get(keyFor(plural, namespace, name)) as T | undefined;
  }

  /** Stores an object as it is, status included, and replaces an object of the same name. */
  put(resource: Resource, object: object): void {
    const given = object as Stored;
    const key = keyFor(resource.plural, given.metadata.namespace, given.metadata.name);
    const before = this.#objects.get(key);
    const metadata = { ...this.#newMeta(given), ...given.metadata, resourceVersion: this.#next() };
    const stored = { ...given, apiVersion: versionOf(resource), kind: resource.kind, metadata };
    this.#keep(resource.plural, key, stored, before?.metadata.uid === metadata.uid ? 'MODIFIED' : 'ADDED');
  }

  /** Removes an object at once, whatever its finalizers. */
  drop({ plural }: Resource, namespace: string, name: string): void {
    const key = keyFor(plural, namespace, name);
    const object = this.#objects.get(key);
    if (object !== undefined) this.#discard(plural, key, object);
  }

  /** Plays the garbage collector: deletes every object whose owners are all gone. Returns their number. */
  collectGarbage(): number {
    const uids = new Set([...this.#objects.values()].map(({ metadata }) => metadata.uid));
    let found = 0;
    for (const [key, { metadata }] of Array.from(this.#objects)) {
      const owners = metadata.ownerReferences ?? [];
      if (owners.length === 0 || owners.some(({ uid }) => uids.has(uid))) continue;
      if (metadata.deletionTimestamp !== undefined) continue;
      found += 1;
      this.#delete(key.split('/')[0] ?? '', key);
    }
    return found;
  }

  api(intercept: Intercept = (_call, perform) => perform()): KubeApi {
    const call = <T>(verb: ModelCall['verb'], plural: string, name: string, perform: () => KubeResult<unknown>) =>
      new Promise<KubeResult<T>>((resolve) => {
        resolve(intercept({ verb, plural, name }, perform as () => KubeResult<T>));
      });
    return {
      get: (resource, { namespace, name }) =>
        call('get', resource.plural, name, () => {
          const object = this.#objects.get(keyFor(resource.plural, namespace, name));
          return object === undefined ? notFound('GET', resource, name) : success(object);
        }),
      list: (resource, { namespace, fieldSelector } = {}) =>
        call('list', resource.plural, '', () =>
          success({
            items: this.all(resource).filter((object) => selects(object, namespace, fieldSelector)),
            metadata: { resourceVersion: String(this.#revision) },
            length: 0,
          }),
        ),
      create: (resource, object) =>
        call('create', resource.plural, object.metadata.name ?? '', () => this.#create(resource, object)),
      apply: (resource, object, { fieldManager }) =>
        call('apply', resource.plural, object.metadata.name, () => {
          const { status, metadata } = object as unknown as Stored;
          return this.#change(resource, metadata, metadata.resourceVersion, (before, key) =>
            this.#applyStatus(key, fieldManager, before, status ?? {}),
          );
        }),
      mergePatch: (resource, options) =>
        call('patch', resource.plural, options.name, () => {
          const patch = options.patch as { metadata?: { resourceVersion?: string } };
          return this.#change(resource, options, patch.metadata?.resourceVersion, (before) => {
            const { spec, status, metadata } = mergePatch(before as unknown as Json, patch);
            const finalizers = isObject(metadata) ? (metadata as unknown as KubeObject['metadata']) : before.metadata;
            return options.subresource === 'status'
              ? ({ ...before, status } as Stored)
              : ({ ...before, ...(spec === undefined ? {} : { spec }), metadata: finalizers } as Stored);
          });
        }),
      replace: (resource, object) =>
        call('replace', resource.plural, object.metadata.name, () =>
          this.#change(resource, object.metadata, object.metadata.resourceVersion, () => object),
        ),
      remove: (resource, { namespace, name, uid, resourceVersion }) =>
        call('delete', resource.plural, name, () => {
          const key = keyFor(resource.plural, namespace, name);
          const object = this.#objects.get(key);
          if (object === undefined) return notFound('DELETE', resource, name);
          const isOther = uid !== undefined && uid !== object.metadata.uid;
          const isNewer = resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion;
          if (isOther || isNewer) return refused('DELETE', 409, 'Conflict', name);
          this.#delete(resource.plural, key);
          return success(undefined);
        }),
      watch: <T extends KubeObject>(resource: Resource<T>, options: Parameters<KubeApi['watch']>[1]) => {
        const { namespace, fieldSelector, resourceVersion, signal } = options;
        const mine = ({ plural, revision, object }: ModelEvent): boolean =>
          plural === resource.plural && revision > Number(resourceVersion) && selects(object, namespace, fieldSelector);
        const stream = modelEvents(this.events, this.#listeners, mine, signal);
        return call<AsyncIterable<WatchEvent<T>>>('watch', resource.plural, '', () => success(stream));
      },
      raw: () => Promise.resolve(refused('GET', 404, 'NotFound', 'raw')),
    };
  }

  #create(resource: Resource, draft: object): KubeResult<Stored> {
    const given = draft as Stored;
    const key = keyFor(resource.plural, given.metadata.namespace, given.metadata.name);
    if (this.#objects.has(key)) return refused('POST', 409, 'AlreadyExists', given.metadata.name);
    const { status: _, ...rest } = given;
    const metadata = { ...given.metadata, ...this.#newMeta(given), resourceVersion: this.#next() };
    const object = { ...rest, apiVersion: versionOf(resource), kind: resource.kind, metadata };
    this.#keep(resource.plural, key, object, 'ADDED');
    return success(object);
  }

  #change(
    resource: Resource,
    { namespace, name }: Named,
    expected: string | undefined,
    change: (before: Stored, key: string) => Stored,
  ): KubeResult<Stored> {
    const key = keyFor(resource.plural, namespace, name);
    const before = this.#objects.get(key);
    if (before === undefined) return notFound('PATCH', resource, name);
    if (expected !== undefined && expected !== before.metadata.resourceVersion) {
      return refused('PATCH', 409, 'Conflict', 'the object has been modified');
    }
    const after = change(before, key);
    const wrong = violation(resource.kind, before, after);
    if (wrong !== undefined) return refused('PATCH', 422, 'Invalid', wrong);
    if (same(strip(before), strip(after))) return success(before);
    const generation = (before.metadata.generation ?? 0) + (same(before.spec, after.spec) ? 0 : 1);
    const metadata = { ...after.metadata, generation, resourceVersion: this.#next() };
    const stored = { ...after, metadata };
    if (metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0) {
      this.#discard(resource.plural, key, stored);
    } else this.#keep(resource.plural, key, stored, 'MODIFIED');
    return success(stored);
  }

  #applyStatus(key: string, manager: string, before: Stored, applied: Json): Stored {
    const managers = this.#applied.get(key) ?? new Map<string, Json>();
    const others = [...managers].filter(([name]) => name !== manager).map(([, fields]) => fields);
    const status = mergeStatus(before.status ?? {}, managers.get(manager) ?? {}, applied, others);
    managers.set(manager, applied);
    this.#applied.set(key, managers);
    return { ...before, status };
  }

  #delete(plural: string, key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
    if ((object.metadata.finalizers ?? []).length === 0) {
      this.#discard(plural, key, object);
      return;
    }
    const metadata = { ...object.metadata, deletionTimestamp: this.#time(), resourceVersion: this.#next() };
    this.#keep(plural, key, { ...object, metadata }, 'MODIFIED');
  }

  #discard(plural: string, key: string, object: Stored): void {
    this.#objects.delete(key);
    this.#applied.delete(key);
    const metadata = { ...object.metadata, resourceVersion: this.#next() };
    this.#tell({ plural, revision: this.#revision, type: 'DELETED', object: { ...object, metadata } });
  }

  #keep(plural: string, key: string, object: Stored, type: 'ADDED' | 'MODIFIED'): void {
    this.#objects.set(key, object);
    this.#tell({ plural, revision: this.#revision, type, object });
  }

  #tell(event: ModelEvent): void {
    this.events.push(event);
    for (const listener of this.#listeners) listener();
  }

  #newMeta({ metadata }: Stored): { uid: string; generation: number; creationTimestamp: string; name: string } {
    const uid = `uid-${metadata.name}-${this.#revision}`;
    return { name: metadata.name, uid, generation: 1, creationTimestamp: this.#time() };
  }

  #next(): string {
    this.#revision += 1;
    return String(this.#revision);
  }

  #time(): string {
    return `${new Date(this.#wall()).toISOString().slice(0, 19)}Z`;
  }
}

function keyFor(plural: string, namespace: string | undefined, name: string): string {
  return `${plural}/${namespace ?? ''}/${name}`;
}

function versionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

function refused(method: string, code: number, reason: string, message: string): KubeResult<never> {
  return failure({ method, path: '/model', code, reason, message });
}

/** As the API server names an object that there is not. */
function notFound(method: string, { group, plural }: Resource, name: string): KubeResult<never> {
  const details = { ...(group === '' ? {} : { group }), kind: plural, name };
  const message = `${plural}${group === '' ? '' : `.${group}`} ${JSON.stringify(name)} not found`;
  return failure({ method, path: '/model', code: 404, reason: 'NotFound', message, details });
}

function selects(object: KubeObject, namespace: string | undefined, fieldSelector: string | undefined): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const [field, value] = fieldSelector?.split('=') ?? [];
  if (field === undefined) return true;
  const spec = (object as Stored).spec;
  return (field === 'metadata.name' ? object.metadata.name : spec?.[field.replace(/^spec\./, '')]) === value;
}

function strip({ metadata, ...rest }: Stored): unknown {
  return { ...rest, metadata: { ...metadata, resourceVersion: '', generation: 0 } };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
