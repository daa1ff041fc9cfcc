#!/bin/sh
# The end-to-end tests: brings a cluster up, installs the product on it, runs the tests of jest's project `cluster` (all, or
# those whose path matches the arguments), and takes it away, whatever happened. KEEP=1 leaves it for a look.
set -eu
cd "$(dirname "$0")/../.."
name=${STASIS_TEST_CLUSTER:-e2e}
cluster() { node build/test/cluster/main.js "$@" --name "$name"; }

take_down() {
  trap - EXIT INT TERM

  if [ "${KEEP:-}" = 1 ]; then echo "==> left up: cluster $name, kubeconfig $STASIS_TEST_KUBECONFIG" >&2; else cluster down; fi
}
trap take_down EXIT
trap 'exit 130' INT TERM

# node-1 has the freezer of v1 alone; on node-2 pods are in both, and v2 is taken.
STASIS_TEST_KUBECONFIG=$(cluster up --nodes 2 --cgroups node-1=v1)
export STASIS_TEST_KUBECONFIG STASIS_TEST_CLUSTER="$name" STASIS_TEST_IMAGE=stasis.test/busybox:1
cluster load build/stasis-image.tar
STASIS_CLUSTER=$name node build/test/cluster/main.js helm install stasis deploy/helm --namespace stasis-system --create-namespace --wait --timeout 3m > /dev/null
echo "==> end-to-end tests on $(node --version)" >&2
node --experimental-vm-modules --no-warnings node_modules/jest/bin/jest.js --selectProjects cluster --runInBand --testTimeout 180000 ${1:+--testPathPatterns "$@"}
