#!/bin/sh
# Runs all end-to-end tests in two clusters at once. The tests that break parts of a cluster mostly wait until the cluster has
# recovered, and have a cluster of their own; the others share one. The output of the first is shown when both have ended.
set -eu
cd "$(dirname "$0")/../.."
BREAKING='e2e/(drain|faults|rows)\.test'
OTHERS='e2e/(?!drain|faults|rows)'

log=$(mktemp)
# A session of its own: Ctrl-C does not reach it, and one signal ends all of it.
STASIS_TEST_CLUSTER=faults setsid sh test/cluster/e2e.sh "$BREAKING" > "$log" 2>&1 &
beside=$!
interrupted() {
  trap - INT TERM HUP
  kill -TERM -- "-$beside" 2> /dev/null || true
  wait "$beside" || true
  cat "$log" >&2
  rm -f "$log"
  exit 130
}
trap interrupted INT TERM HUP

status=0
sh test/cluster/e2e.sh "$OTHERS" || status=$?
echo "==> end-to-end tests that break parts of a cluster, beside the others: waiting for their end" >&2
wait "$beside" || status=$?
cat "$log" >&2
rm -f "$log"
exit "$status"
