#!/bin/sh
# Runs once a boot, before containerd: this node's address, the way to the other nodes, the network of its pods.
set -eu
. /seed/node.env
ip -batch - << END
link set lo up
address replace $ADDRESS/24 dev eth0
link set eth0 up
route replace default via $GATEWAY
END
cp /seed/pods.conflist /etc/cni/net.d/10-pods.conflist
