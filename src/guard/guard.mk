# Builds the guard, build/guard/stasis-guard. It is static, so that a container needs no other file for it.
# Run from the repository root: make -f src/guard/guard.mk
# For another architecture: make -f src/guard/guard.mk CC=aarch64-linux-gnu-gcc GUARD=build/guard/arm64/stasis-guard
GUARD ?= build/guard/stasis-guard
GUARD_SOURCES := $(wildcard src/guard/*.c)
GUARD_CFLAGS := -O2 -g -std=gnu17 -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -D_GNU_SOURCE

.PHONY: guard
guard: $(GUARD)

# All sources in one call of the compiler: ten small files take half a second.
$(GUARD): $(GUARD_SOURCES) $(wildcard src/guard/*.h) src/guard/guard.mk
	@mkdir -p $(@D)
	$(CC) $(GUARD_CFLAGS) $(CFLAGS) -static -o $@ $(GUARD_SOURCES) $(LDFLAGS)
