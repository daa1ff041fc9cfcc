# Makes everything that a release needs, in build/release/, and the kubectl plugin. The Makefile includes this file.
.PHONY: release plugin

NEEDS.release := $(IMAGE_NEEDS)
STEPS.release := $(SETUP) $(IMAGE_LAYERS)
release: image plugin ## Write what a release of this commit needs to build/release/: image, chart, CRDs, dashboards, alerts, plugin, SBOMs, SHA256SUMS (a minute; downloads as `make image`)
	@sh deploy/release/release.sh

STEPS.plugin := $(SETUP)
plugin: build ## Build the kubectl plugin: build/plugin/kubectl-stasis, one file that runs with Node alone, to copy to a folder of the PATH
	@node deploy/release/plugin.mjs build/plugin
