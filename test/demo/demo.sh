#!/bin/sh
# make demo: shows the main job of Stasis in a real cluster, which is built from nothing. KEEP=1 leaves the cluster up.
set -eu
cd "$(dirname "$0")/../.."
name=demo
cluster() { node build/test/cluster/main.js "$@" --name "$name"; }
kubectl() { STASIS_CLUSTER=$name node build/test/cluster/main.js kubectl "$@"; }
run() { echo && echo "\$ $*" && "$@"; }
began=$(date +%s)

# `up` removes the remains of an earlier cluster, and cleans up by itself when it fails or is interrupted. So the trap is set after `up`.
take_down() {
  trap - EXIT INT TERM HUP PIPE
  if [ "${KEEP:-}" = 1 ]; then
    echo && echo "The cluster is still up: export KUBECONFIG=$kubeconfig; export PATH=\"$(cluster tools):\$PATH\""
    echo "To take it away: make cluster-down NAME=$name"
  else
    cluster down
  fi
}
trap 'exit 130' INT TERM HUP PIPE
# The first node sees cgroup v2 alone, as most nodes do; the second sees all hierarchies of this machine.
kubeconfig=$(cluster up --nodes 2 --cgroups node-1=v2)
trap take_down EXIT
cluster load build/stasis-image-here.tar

echo && echo '$ helm install stasis deploy/helm --namespace stasis-system --create-namespace --wait'
STASIS_CLUSTER=$name node build/test/cluster/main.js helm install stasis deploy/helm --namespace stasis-system --create-namespace --wait --timeout 3m | sed -n '1,5p'

run kubectl apply -f test/demo/web.yaml
kubectl wait --for=condition=Ready pod/web --timeout=60s > /dev/null
run kubectl apply -f examples/checkpoint.yaml
run kubectl wait --for=condition=Finished checkpoint/web --timeout=60s
run kubectl get checkpoint web
capture=$(kubectl get checkpoint web -o 'jsonpath={.status.pods[0].captureName}')
echo && echo "\$ kubectl get podcapture $capture -o json | stasis show"
kubectl get podcapture "$capture" -o json | bin/stasis show

echo && echo "One line of the agent's metrics:"
agent=$(kubectl -n stasis-system get pods -l app.kubernetes.io/component=node-agent --field-selector "spec.nodeName=$(kubectl get checkpoint web -o 'jsonpath={.status.pods[0].nodeName}')" -o 'jsonpath={.items[0].metadata.name}')
kubectl get --raw "/api/v1/namespaces/stasis-system/pods/$agent:8081/proxy/metrics" | grep '^stasis_capture_pause_seconds_sum'
echo && echo "$(($(date +%s) - began)) s from nothing to here."
