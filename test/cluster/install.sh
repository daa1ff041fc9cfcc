#!/bin/sh
# Brings up the cluster of `make cluster`, installs the product, and says how to use it. `NODES=3` starts more nodes; OLD=1 takes
# the oldest Kubernetes that the product supports.
set -eu
cd "$(dirname "$0")/../.."
cluster() { node build/test/cluster/main.js "$@"; }
began=$(date +%s)
step() { printf '==> %5s s  %s\n' "$(($(date +%s) - began))" "$*" >&2; }

# The first node sees cgroup v2 alone, as most nodes do; the others see all hierarchies of this machine.
kubeconfig=$(cluster up --nodes "${NODES:-2}" --cgroups node-1=v2 ${OLD:+--oldest})
interrupted() {
  echo "==> interrupted: taking down" >&2
  cluster down
  exit 130
}
trap interrupted INT TERM
step "loading the image on every node"
cluster load build/stasis-image-here.tar
step "helm install"
cluster helm install stasis deploy/helm --namespace stasis-system --create-namespace --wait --timeout 3m
step "ready"
cat << EOF

The cluster is up, with Stasis in the namespace stasis-system. To use it:
  export KUBECONFIG=$kubeconfig
  export PATH="$(cluster tools):\$PATH"    # kubectl and helm of the cluster's own version
  kubectl apply -f examples/web.yaml && kubectl wait --for=condition=Ready pod/web
  kubectl apply -f examples/checkpoint.yaml
docs/quick-start.md leads on. The nodes have the image busybox:1.36, and reach no registry. To take it away: make cluster-down
EOF
