#!/bin/sh
# Runs once per boot, before containerd: sets up the node's address, the routes to the other nodes, and the pod network.
set -eu
. /seed/node.env
ip -batch - << END
link set lo up
address replace $ADDRESS/24 dev eth0
link set eth0 up
route replace default via $GATEWAY
END
cp /seed/pods.conflist /etc/cni/net.d/10-pods.conflist
