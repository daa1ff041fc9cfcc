#!/bin/sh
# Makes sure of Prometheus and promtool, and prints the folder that has them: build/prometheus. They are Debian's, unpacked
# without installing them, so that no service of theirs starts; a machine that has both uses its own. 20 MB the first time;
# the package is kept in a cache folder outside of the tree, so that `make clean` costs nothing. Safe when two run at once.
# `fetch.sh --due` makes nothing, and prints `prometheus` if the step of that name (scripts/progress) is still to be done.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
kept=$cache/prometheus
folder=$root/build/prometheus

say() { echo "$*" >&2; }
fail() { say "$*"; exit 2; }
# Programs that were unpacked for another machine, or whose C library is gone, do not start.
works() { "$1/prometheus" --version > /dev/null 2>&1 && "$1/promtool" --version > /dev/null 2>&1; }

if works "$folder"; then
  [ "${1:-}" = --due ] || echo "$folder"
  exit
fi

own=$(dirname "$(command -v promtool || echo /nowhere/promtool)")
if works "$own"; then programs=$own; else programs=$kept/usr/bin; fi
if [ "${1:-}" = --due ]; then
  works "$programs" || echo prometheus
  exit
fi

if ! works "$programs"; then
  command -v apt-get > /dev/null || fail "missing: install what Debian calls prometheus"
  mkdir -p "$cache"
  exec 9> "$cache/prometheus.lock"
  flock 9
  if ! works "$programs"; then # another run may have unpacked it while this one waited
    rm -rf "$kept.new"
    mkdir -p "$kept.new/debs"
    cd "$kept.new/debs"
    chmod 755 .
    node "$root/scripts/progress/step.mjs" prometheus --log "$kept.log" -- \
      sh -c 'apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }' >&2
    dpkg-deb -x prometheus_*.deb .. >&2
    cd "$root"
    rm -rf "$kept.new/debs" "$kept"
    mv "$kept.new" "$kept"
  fi
  exec 9>&-
  works "$programs" || fail "Debian's prometheus does not start on this machine: $("$programs/promtool" --version 2>&1 | head -n 1)"
fi

mkdir -p "$folder"
for name in prometheus promtool; do ln -sfn "$programs/$name" "$folder/$name"; done
echo "$folder"
