# Harm of every kind, at every moment of a capture, on bare cgroups; and thousands of captures in one process. Included by the Makefile.
.PHONY: chaos soak

chaos: build programs guard ## Kill command and guard at every moment of a capture, KILLS=1000 times a kind (root; an hour; SECONDS=n ends it sooner)
	@sh test/requirements.sh root
	@node build/test/chaos/main.js

soak: build programs guard ## SOAK=10000 captures over a changing set of cgroups: memory, descriptors, threads and zombies stay flat (root; minutes)
	@sh test/requirements.sh root
	@node build/test/chaos/soak.js
