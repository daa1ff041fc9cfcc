# Builds every C workload of the kernel tests, and the bare C yardstick, into build/programs/.
# Run from the repository root: make -f test/programs/programs.mk
# The programs are static, so that they start fast and need nothing from the root file system in which they run.
PROGRAM_SOURCES := $(wildcard test/programs/*.c) test/bench/bare.c
PROGRAMS := $(patsubst %.c,build/programs/%,$(notdir $(PROGRAM_SOURCES)))
PROGRAM_CFLAGS := -O2 -Wall -Wextra -Werror -pthread -static -D_GNU_SOURCE

.PHONY: programs
programs: $(PROGRAMS)

build/programs/%: test/programs/%.c test/programs/common.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -o $@ $<

# These programs talk to the guard, or contain parts of the guard.
build/programs/guard-client build/programs/guard-layout build/programs/guard-journal-layout build/programs/guard-step: $(wildcard src/guard/*.h) src/guard/step.c

build/programs/%: test/bench/%.c test/programs/common.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -Itest/programs -o $@ $<
