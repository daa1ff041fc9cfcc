/** The requirements of the end-to-end tests. A skipped test prints the reason. */
import { describe } from '@jest/globals';
import { testCluster } from './node-view.js';

/** A node to test on. */
export interface Place {
  /** Undefined: the pod runs wherever the scheduler puts it. */
  readonly nodeName?: string;
  /** The freezer that Auto uses on this node, where known. */
  readonly freezer?: string;
}

/** For tests that need a cluster with Stasis installed, but no control over its machines. */
export function describeOnCluster(title: string, body: () => void): void {
  describeWith('STASIS_TEST_KUBECONFIG', title, body);
}

/**
 * Like describeOnCluster, once per node in STASIS_TEST_NODES (for instance `node-1=v1,node-2=v2`); without that
 * variable once, on any node.
 */
export function describeOnNodes(title: string, body: (place: Place) => void): void {
  const places = testPlaces();
  if (places.length === 0) describeOnCluster(title, () => body({}));
  for (const place of places)
    describeOnCluster(`${title} (${place.nodeName}, freezer ${place.freezer})`, () => body(place));
}

/** For tests that kill parts of the cluster. They run only on the throw-away cluster. */
export function describeOnHarness(title: string, body: () => void): void {
  describeWith('STASIS_TEST_CLUSTER', title, body);
}

/** Like describeOnHarness, once per node in STASIS_TEST_NODES. */
export function describeOnHarnessNodes(title: string, body: (place: Required<Place>) => void): void {
  const places = testPlaces();
  if (places.length === 0) describeOnHarness(title, () => undefined);
  for (const place of places)
    describeOnHarness(`${title} (${place.nodeName}, freezer ${place.freezer})`, () => body(place));
}

/** Like describeOnHarnessNodes, only on nodes that are emulated machines. */
export function describeOnMachines(title: string, body: (place: Required<Place>) => void): void {
  describeWhere(isMachine, 'no node is a machine of its own (SYSTEMD=1)', title, body);
}

/**
 * Like describeOnHarnessNodes, only on nodes that are namespaces of this machine, whose cgroups can be seen from here.
 */
export function describeOnNamespaceNodes(title: string, body: (place: Required<Place>) => void): void {
  describeWhere((place) => !isMachine(place), 'no node can be inspected from here', title, body);
}

function describeWhere(
  fits: (place: Required<Place>) => boolean,
  why: string,
  title: string,
  body: (place: Required<Place>) => void,
): void {
  const places = testPlaces().filter(fits);
  if (places.length === 0) {
    process.stderr.write(`skipped: ${title}: ${why}\n`);
    const suite = describe.skip;
    suite(title, () => {
      body({ nodeName: 'none', freezer: 'v2' });
    });
  }
  for (const place of places)
    describeOnHarness(`${title} (${place.nodeName}, freezer ${place.freezer})`, () => body(place));
}

function isMachine({ nodeName }: Required<Place>): boolean {
  return testCluster()?.node(nodeName).cgroups.length === 0;
}

function testPlaces(): Required<Place>[] {
  return (process.env['STASIS_TEST_NODES'] ?? '').split(',').filter(Boolean).map(parsePlace);
}

function parsePlace(pair: string): Required<Place> {
  const [nodeName = '', freezer = ''] = pair.split('=');
  return { nodeName, freezer };
}

function describeWith(variable: string, title: string, body: () => void): void {
  const here = process.env[variable] !== undefined;
  if (!here) process.stderr.write(`skipped: ${title}: ${variable} names no cluster (make test-e2e brings one up)\n`);
  const suite = here ? describe : describe.skip;
  suite(title, () => {
    body();
  });
}
