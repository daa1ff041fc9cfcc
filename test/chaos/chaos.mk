# Targets that harm every part of Stasis at every moment of a capture, and that make thousands of captures in one process. Included by the Makefile.
.PHONY: chaos soak chaos-cluster

chaos: build programs guard ## Kill command and guard at every moment of a capture, KILLS=1000 times a kind (root; an hour; SECONDS=n ends it sooner)
	@sh test/requirements.sh root
	@node build/test/chaos/main.js

soak: build programs guard ## SOAK=10000 captures over a changing set of cgroups: memory, descriptors, threads and zombies stay flat (root; minutes)
	@sh test/requirements.sh root
	@node build/test/chaos/soak.js

chaos-cluster: build programs image ## Each row of the promise that names a part of the cluster, TIMES=20 times in a real one (root; an hour; ROWS=agent,oom does some)
	@sh test/requirements.sh root cluster systemd-node
	@RUN='node build/test/cluster/chaos/main.js' sh test/cluster/e2e.sh
	@[ -n "$(ROWS)" ] || SYSTEMD=1 sh test/cluster/e2e.sh e2e/hold-reboot
