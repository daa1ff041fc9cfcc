/** Says in one line why a request to the API server failed, and what to do next. Pure. */
import type { KubeError } from '../../kube/result.js';
import { quoteValue } from '../render-escape.js';

/** The request that the plugin was about to send. */
export interface Attempt {
  /** The verb of RBAC. */
  readonly verb: 'create' | 'get' | 'list' | 'watch' | 'patch' | 'delete';
  /** As RBAC names it, with its subresource and group: `checkpoints.stasis.dev`, `pods/exec`. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Host and port of the API server. */
  readonly serverName: string;
}

const STASIS_GROUP = '.stasis.dev';

/** So much is shown of a page that is no answer. */
const LONGEST_PAGE = 80;

/** Returns one line, without `error: ` before it and without a newline at its end. */
export function describeRefusal(error: KubeError, attempt: Attempt): string {
  const { namespace, name, resource, serverName } = attempt;
  const where = namespace === undefined ? '' : ` in namespace ${quoteValue(namespace)}`;
  if (error.foreign === true && (error.code === 403 || (error.code === 404 && !isUnknownKind(error))))
    return `what answers at ${serverName} is no API server (${error.code}: ${oneLine(error.message).slice(0, LONGEST_PAGE)}); see: kubectl cluster-info`;
  if (error.code === 403) return forbidden(error, attempt);
  if (error.code === 401)
    return `the API server at ${serverName} does not accept the credentials; log in again, or see: kubectl auth whoami`;
  if (error.code === 404) {
    // A creation in a namespace that does not exist.
    if (namespace !== undefined && error.message.startsWith('namespaces "'))
      return `there is no namespace ${quoteValue(namespace)}; to see those that there are: kubectl get namespaces`;
    if (name === undefined || isUnknownKind(error))
      return resource.endsWith(STASIS_GROUP)
        ? `the cluster at ${serverName} does not have the kinds of Stasis: Stasis is not installed there, or it is another cluster than you mean; see: kubectl config current-context`
        : `the API server at ${serverName} does not know ${resource}`;
    return `there is no ${singular(resource)} ${quoteValue(name)}${where}; to see those that there are: ${lister(resource, namespace)}`;
  }
  if (error.code === undefined) return unanswered(error, attempt);
  if (error.code === 429 || error.code >= 500)
    return `the API server at ${serverName} cannot do it at the moment (${error.code}: ${oneLine(error.message)}); try again`;
  return `the API server at ${serverName} refused to ${attempt.verb} ${resource}${where}: ${oneLine(error.message)}`;
}

/**
 * A denial of RBAC is told by the words of the API server's authorizer. Any other 403 comes from admission (a policy, a webhook, a
 * quota), whose own words say what to do.
 */
function forbidden(error: KubeError, { verb, resource, namespace, serverName }: Attempt): string {
  const where = namespace === undefined ? ' in all namespaces' : ` in namespace ${quoteValue(namespace)}`;
  if (!/\bcannot \w+ resource\b/.test(error.message))
    return `the API server at ${serverName} forbids it: ${oneLine(error.message)}`;
  // With --as and --as-group, the verb impersonate comes before the request itself.
  if (/\bcannot impersonate resource\b/.test(error.message))
    return `you may not act for somebody else (--as): ${oneLine(error.message)}; ask an administrator for the verb impersonate, or leave --as out`;
  const flag = namespace === undefined ? ' -A' : ` -n ${namespace}`;
  return `you may not ${verb} ${resource}${where}; ask an administrator for that verb, and try it with: kubectl auth can-i ${verb} ${resource}${flag}`;
}

/** The API server answers a path whose kind it does not know with a text, or with a Status that names no object. */
export function isUnknownKind({ message }: KubeError): boolean {
  return message.includes('could not find the requested resource') || message.startsWith('404 page not found');
}

function unanswered({ reason, message }: KubeError, { serverName }: Attempt): string {
  switch (reason) {
    case 'Timeout':
      return `the API server at ${serverName} did not answer in time (${oneLine(message)}); try again, or give it longer: --request-timeout`;
    case 'Credentials':
      return `the credentials for ${serverName} cannot be had (${oneLine(message)}); log in again, or see: kubectl auth whoami`;
    case 'Aborted':
      return 'interrupted';
    case 'Malformed':
    case 'TooLong':
      return `what answers at ${serverName} is no API server (${oneLine(message)}); see: kubectl cluster-info`;
    default:
      if (/certificate|\bCERT_/i.test(message))
        return `the API server at ${serverName} was reached, and its certificate is not trusted (${oneLine(message)}); certificate-authority of the cluster in the kubeconfig is wrong, or something between here and there answers in its place; see: kubectl cluster-info`;
      return `the API server at ${serverName} cannot be reached (${oneLine(message)}); see: kubectl cluster-info`;
  }
}

function singular(resource: string): string {
  const [plural = ''] = resource.split('.');
  return plural
    .replace(/s$/, '')
    .replace(/^podcapture$/, 'PodCapture')
    .replace(/^checkpoint$/, 'Checkpoint');
}

function lister(resource: string, namespace: string | undefined): string {
  const flag = namespace === undefined ? '' : ` -n ${namespace}`;
  return resource === `checkpoints${STASIS_GROUP}` ? `kubectl stasis list${flag}` : `kubectl get ${resource}${flag}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
