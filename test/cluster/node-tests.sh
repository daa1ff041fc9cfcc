#!/bin/sh
# node-tests.sh NODE: runs the real-kernel tests of the node half on an emulated arm64 node of the cluster STASIS_TEST_CLUSTER.
set -eu
cd "$(dirname "$0")/../.."
node=$1
on_node() { node build/test/cluster/main.js exec --name "$STASIS_TEST_CLUSTER" "$node" "$@"; }

# The node runs the tests of captures, of holds and of the seam to the kernel. The others are of large trees, of many rounds or
# of the guard alone, and take an emulated machine hours; they run on the machine itself (make test-kernel).
PLACES=${PLACES:-'kernel/(capture|hold|quiet-stops|contract)\.test'}
# A test of a bound of one second is left out, because an emulated machine does not keep that bound.
NAMES='^(?!.*ends soon when the command gets)'

tests=$(sh test/cluster/vm/pack-tests.sh)
on_node sh -c 'mkdir -p /var/lib/stasis-tests && tar -xf - -C /var/lib/stasis-tests' < "$tests"
modules=/var/lib/stasis-tests/stasis/node_modules
on_node env PATH=$modules/.bin:/usr/sbin:/usr/bin:/sbin:/bin LD_LIBRARY_PATH=$modules/.lib STASIS_REQUIRE_KERNEL=v2 \
  STASIS_TEST_PATIENCE="$STASIS_TEST_PATIENCE" sh -c 'cd /var/lib/stasis-tests/stasis && uname -m && node --version &&
    exec node --experimental-vm-modules --no-warnings node_modules/jest/bin/jest.js --selectProjects kernel --runInBand \
      --testPathPatterns "$1" --testNamePattern "$2"' sh "$PLACES" "$NAMES" < /dev/null
