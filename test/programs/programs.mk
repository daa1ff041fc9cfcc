# Builds every C workload of the kernel tests, and the bare C yardstick, into build/programs/.
# Run from the repository root: make -f test/programs/programs.mk
# The programs are static, so that they start fast and need nothing from the root file system in which they run.
PROGRAM_SOURCES := $(wildcard test/programs/*.c) test/bench/bare.c
PROGRAMS := $(patsubst %.c,build/programs/%,$(notdir $(PROGRAM_SOURCES))) build/programs/guard-of-old-kernel
PROGRAM_CFLAGS := -O2 -Wall -Wextra -Werror -pthread -static -D_GNU_SOURCE

.PHONY: programs
programs: $(PROGRAMS)

build/programs/%: test/programs/%.c test/programs/common.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -o $@ $<

# These programs talk to the guard, or contain parts of the guard.
build/programs/guard-client build/programs/guard-layout build/programs/guard-journal-layout build/programs/guard-step: $(wildcard src/guard/*.h) src/guard/step.c

# The guard as on an older kernel, by flags that no kernel knows (pidfds of threads came with Linux 6.9, of peers with 6.5).
build/programs/guard-of-old-kernel: $(wildcard src/guard/*.[ch])
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -DPIDFD_THREAD_FLAG=0x40000000 -DSO_PEERPIDFD_OPTION=9999 -o $@ $(filter %.c,$^)

build/programs/%: test/bench/%.c test/programs/common.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -Itest/programs -o $@ $<
