# The container image, made without a container daemon. Included by the Makefile.
.PHONY: image

image: build ## Build the container image: build/stasis-image.tar, for `ctr images import` or `docker load`
	@sh test/requirements.sh node
	@sh deploy/image/build.sh
