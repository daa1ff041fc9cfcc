# The container image, made without a container daemon. Included by the Makefile.
.PHONY: image

STEPS.image := $(SETUP) $(IMAGE_LAYERS)
image: build ## Build the container image: build/stasis-image.tar, for `ctr images import` or `docker load`
	@sh deploy/image/build.sh
