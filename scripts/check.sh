#!/bin/sh
# make check: runs every step, also after one that failed, and says at the end which ones failed.
set -eu
cd "$(dirname "$0")/.."

failed=
for script in guard build lint format:check laws test:unit; do
  case $script in
  guard) title="the guard compiles" ;;
  build) title="types" ;;
  lint) title="lint" ;;
  format:check) title="format" ;;
  laws) title="import laws" ;;
  test:unit) title="unit tests on $(node --version)" ;;
  esac
  echo "==> $title"
  if [ "$script" = guard ]; then set -- make --no-print-directory -s -f src/guard/guard.mk; else set -- npm run --silent "$script"; fi
  "$@" || failed="$failed${failed:+, }$title"
done
[ -z "$failed" ] || { echo "make check: failed: $failed" >&2; exit 1; }
