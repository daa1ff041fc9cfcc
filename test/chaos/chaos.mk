# Targets that harm every part of Stasis at every moment of a capture, and that make thousands of captures in one process. Included by the Makefile.
.PHONY: chaos soak chaos-cluster

NEEDS.chaos := root
STEPS.chaos := $(SETUP)
chaos: build programs ## Kill command and guard at every moment of a capture, KILLS=1000 times a kind (root; an hour; SECONDS=n ends it sooner)
	@node build/test/chaos/main.js

NEEDS.soak := root
STEPS.soak := $(SETUP)
soak: build programs ## SOAK=10000 captures over a changing set of cgroups: memory, descriptors, threads and zombies stay flat (root; minutes)
	@node build/test/chaos/soak.js

NEEDS.chaos-cluster := root cluster systemd-node $(IMAGE_NEEDS)
STEPS.chaos-cluster := $(IN_CLUSTER) $(SYSTEMD_NODE)
chaos-cluster: build programs image cluster-programs systemd-node ## Each row of the promise that names a part of the cluster, TIMES=20 times in a real one (root; an hour; ROWS=agent,oom does some)
	@RUN='node build/test/cluster/chaos/main.js' sh test/cluster/e2e.sh
	@[ -n "$(ROWS)" ] || SYSTEMD=1 sh test/cluster/e2e.sh e2e/hold-reboot
