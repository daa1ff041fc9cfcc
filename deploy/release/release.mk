# Makes everything that a release needs, in build/release/. The Makefile includes this file.
.PHONY: release

NEEDS.release := $(IMAGE_NEEDS)
STEPS.release := $(SETUP) $(IMAGE_LAYERS)
release: image ## Write what a release of this commit needs to build/release/: image, chart, CRDs, dashboards, alerts, SBOMs, SHA256SUMS (a minute; downloads as `make image`)
	@sh deploy/release/release.sh
