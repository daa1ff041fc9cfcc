# Builds every C workload of the kernel tests, and the bare C yardstick, into build/programs/.
# Run from the repository root: make -f test/programs/programs.mk
# For another architecture: make -f test/programs/programs.mk CC=aarch64-linux-gnu-gcc FOLDER=build/programs-arm64
# The programs are static, so that they start fast and need nothing from the root file system in which they run.
FOLDER ?= build/programs
PROGRAM_SOURCES := $(wildcard test/programs/*.c) test/bench/bare.c
PROGRAMS := $(patsubst %.c,$(FOLDER)/%,$(notdir $(PROGRAM_SOURCES))) $(FOLDER)/guard-of-old-kernel
PROGRAM_CFLAGS := -O2 -Wall -Wextra -Werror -pthread -static -D_GNU_SOURCE

.PHONY: programs
programs: $(PROGRAMS)

$(FOLDER)/%: test/programs/%.c test/programs/common.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -o $@ $<

# These programs talk to the guard, or contain parts of the guard.
$(FOLDER)/guard-client $(FOLDER)/guard-layout $(FOLDER)/guard-journal-layout $(FOLDER)/guard-step: $(wildcard src/guard/*.h) src/guard/step.c

# The guard as on an older kernel, by flags that no kernel knows (pidfds of threads came with Linux 6.9, of peers with 6.5).
$(FOLDER)/guard-of-old-kernel: $(wildcard src/guard/*.[ch])
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -DPIDFD_THREAD_FLAG=0x40000000 -DSO_PEERPIDFD_OPTION=9999 -o $@ $(filter %.c,$^)

$(FOLDER)/%: test/bench/%.c test/programs/common.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -Itest/programs -o $@ $<
