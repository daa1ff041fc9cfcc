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

function describeWith(variable: string, name: string, body: () => void): void {
  if (process.env[variable] !== undefined) return describe(name, body);
  process.stderr.write(`skipped: ${name}: ${variable} names no cluster (make test-cluster brings one up)\n`);
  describe.skip(name, body);
}
