# Throw-away clusters: two nodes and the product on this machine, without Docker. Included by the Makefile.
.PHONY: cluster cluster-down cluster-programs oldest-programs test-programs systemd-node test-arm64

CLUSTER := node build/test/cluster/main.js

NEEDS.cluster := root cluster
STEPS.cluster := $(IN_CLUSTER_HERE)
cluster: build programs image-here cluster-programs ## A cluster of two nodes on this machine with the product installed (root; minutes the first time, then seconds)
	@sh test/cluster/install.sh

NEEDS.cluster-down := root
cluster-down: build ## Take that cluster away (NAME=demo: the one that KEEP=1 make demo left)
	@$(CLUSTER) down --name $(or $(NAME),stasis)

STEPS.cluster-programs := $(SETUP) $(CLUSTER_PROGRAMS)
cluster-programs: prepare ## Build what clusters are made of, Kubernetes, containerd and Helm, into the cache (minutes the first time)
	@sh test/cluster/build.sh > /dev/null

STEPS.oldest-programs := $(SETUP) $(OLDEST_PROGRAMS)
oldest-programs: prepare ## Build the oldest Kubernetes that the chart accepts, into the cache (minutes the first time)
	@sh test/cluster/build.sh oldest > /dev/null

STEPS.test-programs := $(SETUP) $(TEST_PROGRAMS)
test-programs: prepare ## Build what tests need besides, Prometheus and Helm 4, into the cache (minutes the first time)
	@sh test/prometheus/promtool.sh > /dev/null
	@for name in helm4 prometheus; do sh test/cluster/more.sh $$name > /dev/null || exit 1; done

NEEDS.systemd-node := root systemd-node
STEPS.systemd-node := $(SETUP) $(SYSTEMD_NODE)
systemd-node: prepare ## Make the disk of the emulated node that has systemd, into the cache (root)
	@sh test/cluster/vm/build-vm.sh > /dev/null

NEEDS.test-arm64 := root cluster systemd-node cross-cc
STEPS.test-arm64 := $(IN_CLUSTER) kubelet-arm64 containerd-arm64 machine-tools-arm64 machine-arm64 $(call all_of,arm64)
test-arm64: build programs image cluster-programs ## The real-kernel tests and the end-to-end tests on an emulated arm64 node of a cluster (root; ONLY=pattern runs some end-to-end tests)
	@$(if $(ONLY),,$(STEP) arm64)
	@SYSTEMD=arm64 $(if $(ONLY),,FIRST='sh test/cluster/node-tests.sh node-2') sh test/cluster/e2e.sh $(or $(PATTERNS),e2e/capture e2e/hold)
