/** Builds the URL paths of the API. Pure. */
import type { Resource } from './types.js';

export interface PathParts {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
}

/**
 * Returns path and query, for instance '/apis/stasis.dev/v1alpha1/namespaces/a/checkpoints/b/status?force=true'. Every
 * part is escaped. Escaping does not change '.' and '..', and URL parsers remove them, so for such a part the result is
 * undefined.
 */
export function resourcePath(resource: Resource, parts: PathParts): string | undefined {
  const { namespace, name, subresource } = parts;
  if ([namespace, name].some((part) => part === '.' || part === '..' || part === '')) return undefined;
  const segments = [
    ...(resource.group === '' ? ['api'] : ['apis', resource.group]),
    resource.version,
    ...(resource.namespaced && namespace !== undefined ? ['namespaces', namespace] : []),
    resource.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${segments.map(encodeURIComponent).join('/')}${queryString(parts.query ?? {})}`;
}

/**
 * Returns '?a=1&b=2', or ''. Parameters that are undefined, false or empty are left out: that is the default of every
 * parameter used here.
 */
export function queryString(query: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== false && value !== '')
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** The apiVersion of the objects of this resource. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
