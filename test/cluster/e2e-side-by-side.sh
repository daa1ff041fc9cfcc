#!/bin/sh
# Runs all end-to-end tests in three clusters at once, because most of their time is waiting. The tests that stop parts of a
# cluster or change its settings have one, some long ones have another, and all others share the third, so that each takes
# about a quarter of an hour. With OLDEST=1 a cluster of the oldest Kubernetes follows the second, with the core of the tests.
# The output of the clusters beside is shown when all have ended.
set -eu
cd "$(dirname "$0")/../.."
BREAKING='back-again|drain|faults|settings'
LONG='alerts|metrics|partition|rows'
CORE='e2e/capture e2e/hold.test e2e/refusals'

logs=$(mktemp -d)
# A session each: Ctrl-C does not reach it, and one signal ends all of it.
STASIS_TEST_CLUSTER=faults setsid sh test/cluster/e2e.sh "e2e/($BREAKING)\.test" > "$logs/breaking" 2>&1 &
breaking=$!
STASIS_TEST_CLUSTER=long CORE=$CORE setsid sh -c '
  status=0
  sh test/cluster/e2e.sh "$1" || status=$?
  # shellcheck disable=SC2086 # each word of CORE is a pattern
  [ "${OLDEST:-}" != 1 ] || OLD=1 STASIS_TEST_CLUSTER=oldest sh test/cluster/e2e.sh $CORE || status=$?
  exit "$status"' beside "e2e/($LONG)\.test" > "$logs/long" 2>&1 &
long=$!
interrupted() {
  trap - INT TERM HUP
  kill -TERM -- "-$breaking" "-$long" 2> /dev/null || true
  wait "$breaking" "$long" || true
  cat "$logs"/* >&2
  rm -r "$logs"
  exit 130
}
trap interrupted INT TERM HUP

status=0
sh test/cluster/e2e.sh "e2e/(?!($BREAKING|$LONG)\.test)" || status=$?
echo "==> end-to-end tests in the clusters beside: waiting for their end" >&2
wait "$breaking" || status=$?
wait "$long" || status=$?
cat "$logs"/* >&2
rm -r "$logs"
exit "$status"
