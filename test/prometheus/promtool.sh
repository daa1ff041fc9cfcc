#!/bin/sh
# Makes sure of promtool, and prints its path. It is Debian's, unpacked without installing it, so that no service starts; a
# machine that has promtool uses its own. 20 MB the first time; the program is kept in a cache folder outside of the tree, so
# that `make clean` costs nothing. Safe when two run at once.
# `promtool.sh --due` makes nothing, and prints `promtool` if the step of that name (scripts/progress) is still to be done.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
kept=$cache/promtool

say() { echo "$*" >&2; }
fail() { say "$*"; exit 2; }
# A program that was unpacked for another machine, or whose C library is gone, does not start.
works() { "$1" --version > /dev/null 2>&1; }

own=$(command -v promtool || echo /nowhere/promtool)
if works "$own"; then program=$own; else program=$kept/usr/bin/promtool; fi
if [ "${1:-}" = --due ]; then
  works "$program" || echo promtool
  exit
fi

if ! works "$program"; then
  command -v apt-get > /dev/null || fail "missing: install what Debian calls prometheus"
  mkdir -p "$cache"
  exec 9> "$cache/promtool.lock"
  flock 9
  if ! works "$program"; then # another run may have unpacked it while this one waited
    rm -rf "$kept.new"
    mkdir -p "$kept.new/debs"
    cd "$kept.new/debs"
    chmod 755 .
    node "$root/scripts/progress/step.mjs" promtool --log "$kept.log" -- \
      sh -c 'apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }' >&2
    dpkg-deb -x prometheus_*.deb .. >&2
    cd "$root"
    rm -rf "$kept.new/debs" "$kept"
    mv "$kept.new" "$kept"
  fi
  exec 9>&-
  works "$program" || fail "Debian's promtool does not start on this machine: $("$program" --version 2>&1 | head -n 1)"
fi
echo "$program"
