import { describe, expect, test } from '@jest/globals';
import type { KubeError } from '../../../../src/kube/result.js';
import { describeRefusal, type Attempt } from '../../../../src/cli/kubectl/refusal.js';
import { refusal, TIMED_OUT, unknownKind, UNREACHABLE } from './scripted-api.js';

const CREATE: Attempt = {
  verb: 'create',
  resource: 'checkpoints.stasis.dev',
  namespace: 'shop',
  serverName: 'api.example.com:6443',
};
const GET: Attempt = { ...CREATE, verb: 'get', name: 'web-0-x7k2p' };
const AT = 'the API server at api.example.com:6443';

const own = (reason: string, message: string): KubeError => ({ method: 'GET', path: '/x', reason, message });

const rbac = (verb: string, resource: string, group: string, where = 'in the namespace "shop"'): KubeError =>
  refusal(
    403,
    'Forbidden',
    `${resource} is forbidden: User "jane" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
  );

describe('describeRefusal()', () => {
  test.each<[string, KubeError, Attempt, string]>([
    [
      'RBAC, to create',
      rbac('create', 'checkpoints', 'stasis.dev'),
      CREATE,
      'you may not create checkpoints.stasis.dev in namespace "shop"; ask an administrator for that verb, and try it with: kubectl auth can-i create checkpoints.stasis.dev -n shop',
    ],
    [
      'RBAC, for a subresource',
      rbac('create', 'pods/exec', ''),
      { ...CREATE, resource: 'pods/exec' },
      'you may not create pods/exec in namespace "shop"; ask an administrator for that verb, and try it with: kubectl auth can-i create pods/exec -n shop',
    ],
    [
      'RBAC, in all namespaces',
      rbac('list', 'checkpoints', 'stasis.dev', 'at the cluster scope'),
      { verb: 'list', resource: 'checkpoints.stasis.dev', serverName: CREATE.serverName },
      'you may not list checkpoints.stasis.dev in all namespaces; ask an administrator for that verb, and try it with: kubectl auth can-i list checkpoints.stasis.dev -A',
    ],
    [
      'RBAC, to impersonate',
      refusal(
        403,
        'Forbidden',
        'users "ann" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
      ),
      CREATE,
      'you may not act for somebody else (--as): users "ann" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope; ask an administrator for the verb impersonate, or leave --as out',
    ],
    [
      'an admission policy',
      refusal(
        403,
        'Forbidden',
        `checkpoints.stasis.dev "web" is forbidden: ValidatingAdmissionPolicy 'stasis-exec' with binding 'stasis-exec' denied request: create on pods/exec of pod web is missing`,
      ),
      CREATE,
      `${AT} forbids it: checkpoints.stasis.dev "web" is forbidden: ValidatingAdmissionPolicy 'stasis-exec' with binding 'stasis-exec' denied request: create on pods/exec of pod web is missing`,
    ],
    [
      'a quota',
      refusal(
        403,
        'Forbidden',
        'checkpoints.stasis.dev "web" is forbidden: exceeded quota: q, requested: count/checkpoints.stasis.dev=1,\n used: count/checkpoints.stasis.dev=5',
      ),
      CREATE,
      `${AT} forbids it: checkpoints.stasis.dev "web" is forbidden: exceeded quota: q, requested: count/checkpoints.stasis.dev=1, used: count/checkpoints.stasis.dev=5`,
    ],
    [
      '401',
      refusal(401, 'Unauthorized', 'Unauthorized'),
      GET,
      `${AT} does not accept the credentials; log in again, or see: kubectl auth whoami`,
    ],
    ...(['status', 'text'] as const).flatMap((form): [string, KubeError, Attempt, string][] =>
      [CREATE, GET].map((attempt) => [
        `an unknown kind, ${form}, to ${attempt.verb}`,
        unknownKind(form),
        attempt,
        'the cluster at api.example.com:6443 does not have the kinds of Stasis: Stasis is not installed there, or it is another cluster than you mean; see: kubectl config current-context',
      ]),
    ),
    [
      'an unknown kind of somebody else',
      unknownKind(),
      { ...CREATE, resource: 'widgets.example.com' },
      `${AT} does not know widgets.example.com`,
    ],
    [
      'a namespace that does not exist',
      refusal(404, 'NotFound', 'namespaces "shop" not found'),
      CREATE,
      'there is no namespace "shop"; to see those that there are: kubectl get namespaces',
    ],
    [
      'a Checkpoint that does not exist',
      refusal(404, 'NotFound', 'checkpoints.stasis.dev "web-0-x7k2p" not found'),
      GET,
      'there is no Checkpoint "web-0-x7k2p" in namespace "shop"; to see those that there are: kubectl stasis list -n shop',
    ],
    [
      'a PodCapture that does not exist',
      refusal(404, 'NotFound', 'podcaptures.stasis.dev "x" not found'),
      { ...GET, resource: 'podcaptures.stasis.dev', name: 'x' },
      'there is no PodCapture "x" in namespace "shop"; to see those that there are: kubectl get podcaptures.stasis.dev -n shop',
    ],
    [
      'a pod that does not exist',
      refusal(404, 'NotFound', 'pods "web-0" not found'),
      { ...GET, resource: 'pods', name: 'web-0' },
      'there is no pod "web-0" in namespace "shop"; to see those that there are: kubectl get pods -n shop',
    ],
    [
      '409',
      refusal(409, 'Conflict', 'the object has been modified'),
      { ...GET, verb: 'patch' },
      `${AT} refused to patch checkpoints.stasis.dev in namespace "shop": the object has been modified`,
    ],
    [
      '422',
      refusal(422, 'Invalid', 'Checkpoint.stasis.dev "w" is invalid: spec.hold.seconds: Invalid value: 0'),
      CREATE,
      `${AT} refused to create checkpoints.stasis.dev in namespace "shop": Checkpoint.stasis.dev "w" is invalid: spec.hold.seconds: Invalid value: 0`,
    ],
    [
      '429',
      refusal(429, 'TooManyRequests', 'too many requests'),
      GET,
      `${AT} cannot do it at the moment (429: too many requests); try again`,
    ],
    [
      '503',
      refusal(503, 'ServiceUnavailable', 'apiserver is shutting down'),
      GET,
      `${AT} cannot do it at the moment (503: apiserver is shutting down); try again`,
    ],
    [
      'no answer in time',
      TIMED_OUT,
      GET,
      `${AT} did not answer in time (no complete answer within 30000 ms); try again, or give it longer: --request-timeout`,
    ],
    [
      'no connection',
      UNREACHABLE,
      GET,
      `${AT} cannot be reached (connect ECONNREFUSED 203.0.113.7:6443); see: kubectl cluster-info`,
    ],
    [
      'a certificate that is not trusted',
      own('Unreachable', 'unable to verify the first certificate'),
      GET,
      `${AT} was reached, and its certificate is not trusted (unable to verify the first certificate); certificate-authority of the cluster in the kubeconfig is wrong, or something between here and there answers in its place; see: kubectl cluster-info`,
    ],
    [
      'no credentials',
      own('Credentials', 'loading the credentials: ENOENT'),
      GET,
      'the credentials for api.example.com:6443 cannot be had (loading the credentials: ENOENT); log in again, or see: kubectl auth whoami',
    ],
    [
      'a page of something else',
      own('Malformed', 'the answer is not what an API server sends'),
      GET,
      'what answers at api.example.com:6443 is no API server (the answer is not what an API server sends); see: kubectl cluster-info',
    ],
    ['a signal', own('Aborted', 'aborted by the caller'), GET, 'interrupted'],
  ])('%s', (_, error, attempt, expected) => {
    expect(describeRefusal(error, attempt)).toBe(expected);
  });
});

test.each([403, 404])('a page with %d is no answer of an API server', (code) => {
  const error = {
    method: 'GET',
    path: '/x',
    code,
    reason: 'x',
    message: `<html>\n${'a'.repeat(200)}`,
    foreign: true,
  } as const;
  const attempt = {
    verb: 'get',
    resource: 'checkpoints.stasis.dev',
    namespace: 'shop',
    name: 'a',
    serverName: 'api',
  } as const;
  expect(describeRefusal(error, attempt)).toBe(
    `what answers at api is no API server (${code}: <html> ${'a'.repeat(73)}); see: kubectl cluster-info`,
  );
});
