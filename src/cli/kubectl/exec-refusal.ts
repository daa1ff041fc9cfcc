/** Says in one line why no command could be run in an agent's pod, and what to do. Pure. */
import { describeRefusal } from './refusal.js';

export interface ExecAttempt {
  readonly namespace: string;
  readonly pod: string;
  /** Host and port of the API server. */
  readonly serverName: string;
}

/** @param failure code: the status of HTTP, where the server answered */
export function describeExecFailure(
  { code, message }: { readonly code?: number; readonly message: string },
  { namespace, pod, serverName }: ExecAttempt,
): string {
  const error = { method: 'GET', path: '', reason: '', message, ...(code === undefined ? {} : { code }) };
  // An exec over WebSocket is a GET: API servers before Kubernetes 1.35 ask for the verb get, and later ones for create as well.
  const verb = message.includes('cannot get resource') ? 'get' : 'create';
  if (code === 401 || code === 403)
    return describeRefusal(error, { verb, resource: 'pods/exec', namespace, name: pod, serverName });
  if (code === 404) return `the agent's pod ${pod} has gone; try again`;
  if (code !== undefined) return `the API server at ${serverName} does not run the command in pod ${pod}: ${message}`;
  return `the command in pod ${pod} was not carried out to its end (${message}); try again`;
}
