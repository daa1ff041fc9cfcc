#!/bin/sh
# more.sh PROGRAM: makes a further program that only tests need, once, in the same cache folder as build.sh, and prints its
# path: helm4; prometheus, because Debian's cannot discover Kubernetes targets; for the emulated node kubelet-arm64, and
# containerd-arm64, which is a folder of programs. Minutes the first time. Safe when two run at once.
# `more.sh PROGRAM --due` makes nothing, and prints the names of the steps (scripts/progress) that are still to be done.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin
. "$here/go-programs.sh"

name=$1
module=$name
flags=
case $name in
helm4)
  package=helm.sh/helm/v4/cmd/helm
  flags="-X helm.sh/helm/v4/internal/version.version=$(required helm4/go.mod helm.sh/helm/v4)"
  ;;
prometheus)
  package=github.com/prometheus/prometheus/cmd/prometheus
  # The build has service discovery for Kubernetes only: each other one brings the libraries of a cloud.
  tags=remove_all_sd,enable_kubernetes_sd
  ;;
kubelet-arm64)
  module=kubernetes
  package=k8s.io/kubernetes/cmd/kubelet
  flags=$(stamps)
  export GOARCH=arm64 CGO_ENABLED=0
  ;;
containerd-arm64)
  module=containerd
  package=$CONTAINERD
  tags=$CONTAINERD_TAGS
  flags=$(containerd_stamp)
  export GOARCH=arm64 CGO_ENABLED=0
  ;;
*)
  fail "no such program: $name"
  ;;
esac

case $name in containerd-*) folder=/ ;; *) folder= ;; esac
program=$cache/$name-$(sources_key "$module")
if [ "${2:-}" = --due ]; then
  [ -x "$program" ] || printf '%s\n' modules "$name"
  exit
fi
if [ ! -x "$program" ]; then
  mkdir -p "$cache"
  exec 9> "$cache/lock"
  flock 9
  if [ ! -x "$program" ]; then # another run may have made it while this one waited
    # shellcheck disable=SC2086 # a list of words
    modules "$module" "$name" $package
    # shellcheck disable=SC2086
    compile "$module" "$name" "$program$folder" "$flags" $package
  fi
  exec 9>&-
fi
echo "$program"
