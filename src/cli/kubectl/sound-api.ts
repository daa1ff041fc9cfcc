/**
 * The requests of the plugin, with answers that are checked to be the object that was asked for.
 *
 * A proxy between the plugin and the API server may answer 200 with JSON of its own, such as the page of a login. That is no
 * answer of the API server, and counts as none.
 */
import type { KubeApi, WatchEvent } from '../../kube/api.js';
import { asObject, asText } from '../../kube/json.js';
import { failure, type KubeError, type KubeResult } from '../../kube/result.js';
import type { KubeObject, Resource } from '../../kube/types.js';

/** The kind that the answer must have. */
interface Expected {
  readonly resource: Resource;
  readonly name?: string | undefined;
}

export function soundApi(api: KubeApi): KubeApi {
  return {
    apply: (resource, object, options) => api.apply(resource, object, options),
    replace: (resource, object, options) => api.replace(resource, object, options),
    remove: (resource, options) => api.remove(resource, options),
    raw: (method, path, options) => api.raw(method, path, options),
    get: async (resource, options) => check('GET', { resource, name: options.name }, await api.get(resource, options)),
    mergePatch: async (resource, options) =>
      check('PATCH', { resource, name: options.name }, await api.mergePatch(resource, options)),
    create: async (resource, object, options) => {
      const answer = await api.create(resource, object, options);
      const { name } = object.metadata;
      // A review has no name, and what is not stored has no version.
      if (name === undefined || options?.dryRun === true) return answer;
      return check('POST', { resource, name }, answer);
    },
    list: async (resource, options) => {
      const answer = await api.list(resource, options);
      if (!answer.ok || answer.value.items.every(isNamed)) return answer;
      return failure(malformed('GET', resource));
    },
    watch: async <T extends KubeObject>(resource: Resource<T>, options: Parameters<KubeApi['watch']>[1]) => {
      const answer = await api.watch(resource, options);
      return answer.ok ? { ok: true, value: checkEvents(resource, answer.value) } : answer;
    },
  };
}

function check<T extends KubeObject>(method: string, expected: Expected, answer: KubeResult<T>): KubeResult<T> {
  return !answer.ok || isSound(answer.value, expected) ? answer : failure(malformed(method, expected.resource));
}

async function* checkEvents<T extends KubeObject>(
  resource: Resource<T>,
  events: AsyncIterable<WatchEvent<T>>,
): AsyncGenerator<WatchEvent<T>> {
  for await (const event of events) {
    const sound = !('object' in event) || isSound(event.object, { resource });
    yield sound ? event : { type: 'ERROR', error: malformed('GET', resource) };
    if (!sound) return;
  }
}

function isNamed(item: unknown): boolean {
  return asText(asObject(asObject(item)?.['metadata'])?.['name']) !== undefined;
}

/** The answer is known to be a JSON object, and nothing else. */
function isSound(answer: unknown, { resource, name }: Expected): boolean {
  const object = asObject(answer);
  const metadata = asObject(object?.['metadata']);
  if (object === undefined || metadata === undefined) return false;
  if ((object['kind'] ?? resource.kind) !== resource.kind) return false;
  if (!isText(metadata['uid']) || !isText(metadata['resourceVersion'])) return false;
  if (!isText(metadata['name']) || (name !== undefined && metadata['name'] !== name)) return false;
  return hasSoundParts(object);
}

/** Parts that there need not be, but that every reader takes for what they are by Kubernetes's conventions. */
function hasSoundParts({ spec, status }: Readonly<Record<string, unknown>>): boolean {
  if (spec !== undefined && asObject(spec) === undefined) return false;
  if (status === undefined || status === null) return true;
  const conditions = asObject(status)?.['conditions'] ?? [];
  if (asObject(status) === undefined || !Array.isArray(conditions)) return false;
  return conditions.every((each) => isText(asObject(each)?.['type']) && isText(asObject(each)?.['status']));
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function malformed(method: string, { plural }: Resource): KubeError {
  return { method, path: plural, reason: 'Malformed', message: 'the answer is not the object that was asked for' };
}
