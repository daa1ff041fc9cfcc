# Throw-away clusters: two nodes and the product on this machine, without Docker. Included by the Makefile.
.PHONY: cluster cluster-down

CLUSTER := node build/test/cluster/main.js

cluster: build programs ## A cluster of two nodes on this machine with the product installed (root; minutes the first time, then seconds)
	@sh test/requirements.sh root cluster
	@$(MAKE) --no-print-directory image
	@sh test/cluster/install.sh

cluster-down: build ## Take that cluster away (NAME=demo: the one that KEEP=1 make demo left)
	@$(CLUSTER) down --name $(or $(NAME),stasis)
