# The container image, made without a container daemon. Included by the Makefile.
.PHONY: image image-here

# HERE: the architecture of this machine. ARCHITECTURES: those that `make image` puts into the image.
HERE := $(if $(filter aarch64,$(shell uname -m)),arm64,amd64)
ARCHITECTURES ?= amd64 arm64
export ARCHITECTURES

# The guard of another architecture is cross-compiled; all else of the image comes from packages.
IMAGE_NEEDS := $(if $(filter-out $(HERE),$(ARCHITECTURES)),cross-cc)
layers_of = $(foreach architecture,$(1),image-base-$(architecture) image-dependencies-$(architecture))
IMAGE_LAYERS := $(call layers_of,$(ARCHITECTURES))
IMAGE_LAYERS_HERE := $(call layers_of,$(HERE))

NEEDS.image := $(IMAGE_NEEDS)
STEPS.image := $(SETUP) $(IMAGE_LAYERS)
image: build ## Build the container image for amd64 and arm64: build/stasis-image.tar, for `ctr images import` or a registry
	@sh deploy/image/build.sh

# For what shows Stasis on this machine, where the first run should not take longer for another architecture. A file of its
# own: nobody should push an image that lacks one.
STEPS.image-here := $(SETUP) $(IMAGE_LAYERS_HERE)
image-here: build ## Build the image for this machine's architecture alone: build/stasis-image-here.tar
	@ARCHITECTURES=$(HERE) sh deploy/image/build.sh build/stasis-image-here.tar
