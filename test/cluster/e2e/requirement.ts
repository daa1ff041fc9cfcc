/** What the end-to-end tests need. A skip says why. */
import { describe } from '@jest/globals';

/** Like `describe`, for tests that need a cluster with Stasis installed, and no control over its machines. */
export function describeOnCluster(name: string, body: () => void): void {
  describeWith('STASIS_TEST_KUBECONFIG', name, body);
}

/** For tests that kill parts of the cluster: only on the throw-away one. */
export function describeOnHarness(name: string, body: () => void): void {
  describeWith('STASIS_TEST_CLUSTER', name, body);
}

function describeWith(variable: string, title: string, body: () => void): void {
  const here = process.env[variable] !== undefined;
  if (!here)
    process.stderr.write(`skipped: ${title}: ${variable} names no cluster (make test-cluster brings one up)\n`);
  const suite = here ? describe : describe.skip;
  suite(title, () => {
    body();
  });
}
