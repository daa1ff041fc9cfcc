// Run by `helm test` in the image of Stasis itself. Asks the API server and every component whether they work; ends with 1
// and names what does not. It asks each pod by its address, and so needs neither DNS nor Services. Arguments: namespace, names
// of the controller and the node agents, and the label selectors of their pods.
import { readFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { request } from 'node:https';

const [namespace, controller, agents, controllerPods, agentPods] = process.argv.slice(-5);
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
const ca = readFileSync(`${ACCOUNT}/ca.crt`);
const token = readFileSync(`${ACCOUNT}/token`, 'utf8').trim();
/** Also how long agents and controller may take to become ready after the installation. */
const PATIENCE_MILLISECONDS = 60_000;

function answer(start) {
  return new Promise((resolve, reject) => {
    const outgoing = start((incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (piece) => (text += piece));
      incoming.on('end', () => resolve({ code: incoming.statusCode, text }));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.setTimeout(10_000, () => outgoing.destroy(new Error('no answer within 10 s')));
  });
}

async function ask(path, body) {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' };
  const options = { host, port, path, ca, headers, method: body === undefined ? 'GET' : 'POST' };
  return await answer((done) => request(options, done).end(body && JSON.stringify(body)));
}

async function object(path) {
  const { code, text } = await ask(path);
  if (code !== 200) throw new Error(`GET ${path}: ${code} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

async function allReady(selector, at) {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
  const { items } = await object(path);
  const there = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (there.length === 0) throw new Error(`no pod ${selector}`);
  await Promise.all(
    there.map(async ({ metadata: { name }, status: { podIP } }) => {
      if (podIP === undefined) throw new Error(`${name} has no address`);
      const { code, text } = await answer((done) => httpGet({ host: podIP, port: at, path: '/readyz' }, done));
      if (code !== 200) throw new Error(`/readyz of ${name}: ${code} ${text.slice(0, 300)}`);
    }),
  );
}

const CHECKS = {
  'the API server has both kinds': async () => {
    const { resources } = await object('/apis/stasis.dev/v1alpha1');
    for (const name of ['checkpoints', 'checkpoints/status', 'podcaptures', 'podcaptures/status'])
      if (!resources.some((resource) => resource.name === name)) throw new Error(`${name} is missing`);
  },
  'a replica of the controller is available': async () => {
    const { status } = await object(`/apis/apps/v1/namespaces/${namespace}/deployments/${controller}`);
    if (!(status.availableReplicas > 0)) throw new Error(JSON.stringify(status));
  },
  'every node that should have an agent has a ready one': async () => {
    const { status } = await object(`/apis/apps/v1/namespaces/${namespace}/daemonsets/${agents}`);
    if (!(status.desiredNumberScheduled > 0 && status.numberReady === status.desiredNumberScheduled))
      throw new Error(JSON.stringify(status));
  },
  // RBAC lets this account create Checkpoints, and not exec into pods, so that the policy alone can refuse.
  'the policies are in force': async () => {
    const checkpoint = {
      apiVersion: 'stasis.dev/v1alpha1',
      kind: 'Checkpoint',
      metadata: { generateName: 'helm-test-' },
      spec: { podName: 'no-such-pod' },
    };
    const { code, text } = await ask(
      `/apis/stasis.dev/v1alpha1/namespaces/${namespace}/checkpoints?dryRun=All`,
      checkpoint,
    );
    // Where the chart excludes this namespace, that refusal may come first.
    if (code !== 403 || !/needs the verb create on pods\/exec|are never captured/.test(text))
      throw new Error(`a Checkpoint of somebody who may not exec: ${code} ${text.slice(0, 300)}`);
  },
  'every replica of the controller answers that it is ready': async () => await allReady(controllerPods, 8080),
  'every agent answers that it is ready': async () => await allReady(agentPods, 8081),
};

const deadline = Date.now() + PATIENCE_MILLISECONDS;
for (const [what, check] of Object.entries(CHECKS))
  for (;;) {
    const failed = await check().then(
      () => undefined,
      (error) => error,
    );
    if (failed === undefined) {
      console.log(`ok      ${what}`);
      break;
    }
    if (Date.now() >= deadline) {
      console.log(`FAILED  ${what}: ${failed.message}`);
      process.exitCode = 1;
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
