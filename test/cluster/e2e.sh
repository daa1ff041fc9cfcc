#!/bin/sh
# e2e.sh [PATTERN...]: runs the end-to-end tests. It brings a cluster up, installs the product, runs all tests or those whose
# path matches a pattern, and takes the cluster down, whatever happens.
#   KEEP=1     leaves the cluster up for inspection
#   SYSTEMD=1  uses the emulated machine with systemd, cgroup v2 alone and a distribution's kernel; SYSTEMD=arm64, such
#              a machine of arm64
#   OLD=1      uses the oldest Kubernetes that the product supports, with containerd and runc of Debian
#   FIRST=...  runs a command on the cluster before the product is installed
#   RUN=...    runs another command instead of the tests, for instance a benchmark
set -eu
cd "$(dirname "$0")/../.."
name=${STASIS_TEST_CLUSTER:-e2e}
cluster() { node build/test/cluster/main.js "$@" --name "$name"; }

# take_down STATUS: of the tests
take_down() {
  trap - EXIT INT TERM
  case $1 in 0 | 130) ;; *) cluster logs >&2 || true ;; esac
  if [ "${KEEP:-}" = 1 ]; then echo "==> left up: cluster $name" >&2; else cluster down; fi
}
trap 'take_down $?' EXIT
trap 'exit 130' INT TERM

if [ "${SYSTEMD:-}" = 1 ]; then
  # The emulated machine, and everything on it, is about ten times slower. No test takes longer than a third of the bound, and
  # a test that hangs must not use up the time of all.
  STASIS_TEST_KUBECONFIG=$(cluster up --nodes 1 --systemd-node)
  STASIS_TEST_NODES=node-2=v2
  STASIS_TEST_PATIENCE=6
  test_seconds=480
  # When the machine has died, every later test would wait for the bound as well.
  bail=1
elif [ "${SYSTEMD:-}" = arm64 ]; then
  # A cluster of both architectures: node-1 is this machine's own.
  STASIS_TEST_KUBECONFIG=$(cluster up --nodes 1 --systemd-node arm64)
  STASIS_TEST_NODES=node-2=v2
  STASIS_TEST_PATIENCE=12
  test_seconds=2160
else
  # node-1 has only the freezer of v1. On node-2, pods are in both hierarchies, and captures use v2.
  STASIS_TEST_KUBECONFIG=$(cluster up --nodes 2 --cgroups node-1=v1 ${OLD:+--oldest})
  STASIS_TEST_NODES=node-1=v1,node-2=v2
  STASIS_TEST_PATIENCE=1
  test_seconds=180
fi
export STASIS_TEST_KUBECONFIG STASIS_TEST_NODES STASIS_TEST_PATIENCE
export STASIS_TEST_CLUSTER="$name" STASIS_TEST_IMAGE=stasis.test/busybox:1
[ -z "${FIRST:-}" ] || sh -c "$FIRST"
echo "==> loading the image, helm install" >&2
cluster load build/stasis-image.tar
STASIS_CLUSTER=$name node build/test/cluster/main.js helm install stasis deploy/helm \
  --namespace stasis-system --create-namespace --wait --timeout 5m > /dev/null
# Helm does not wait for as many agents as may be unavailable during an update, and a slow node's agent is one of them.
STASIS_CLUSTER=$name node build/test/cluster/main.js kubectl --namespace stasis-system rollout status daemonset/stasis-node-agent \
  --timeout 5m > /dev/null
if [ -n "${RUN:-}" ]; then
  sh -c "$RUN"
else
  echo "==> end-to-end tests on $(node --version)" >&2
  node --experimental-vm-modules --no-warnings node_modules/jest/bin/jest.js --selectProjects e2e --runInBand \
    --testTimeout $((test_seconds * 1000)) ${bail:+--bail} ${1:+--testPathPatterns "$@"}
fi
