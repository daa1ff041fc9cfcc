#!/bin/sh
# more.sh PROGRAM: makes a further program that only tests need, once, in the same cache folder as build.sh, and prints its
# path. `prometheus`: Debian's has no discovery of Kubernetes targets. Minutes the first time. Safe when two run at once.
# `more.sh PROGRAM --due` makes nothing, and prints the names of the steps (scripts/progress) that are still to be done.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin
. "$here/go-programs.sh"

name=$1
case $name in
prometheus)
  package=github.com/prometheus/prometheus/cmd/prometheus
  # Of its discoveries, the one of Kubernetes alone: all others bring the libraries of a cloud each.
  tags=remove_all_sd,enable_kubernetes_sd
  stamp=
  ;;
*)
  fail "no such program: $name"
  ;;
esac

program=$cache/$name-$(key "$here/$name/go.mod" "$here/$name/go.sum")
if [ "${2:-}" = --due ]; then
  [ -x "$program" ] || printf '%s\n' modules "$name"
  exit
fi
if [ ! -x "$program" ]; then
  mkdir -p "$cache"
  exec 9> "$cache/lock"
  flock 9
  if [ ! -x "$program" ]; then # another run may have made it while this one waited
    modules "$name" "$package" "$tags"
    compile "$name" "$package" "$program" "$stamp" "$tags"
  fi
  exec 9>&-
fi
echo "$program"
