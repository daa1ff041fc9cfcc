# Builds every C workload of the kernel tests, and the bare C yardstick, into build/programs/.
# Run from the repository root: make -f test/programs/programs.mk
# Static, so that they start fast and need nothing of the root file system they are run on.
PROGRAM_SOURCES := $(wildcard test/programs/*.c) test/bench/bare.c
PROGRAMS := $(patsubst %.c,build/programs/%,$(notdir $(PROGRAM_SOURCES)))
PROGRAM_CFLAGS := -O2 -Wall -Wextra -Werror -pthread -static -D_GNU_SOURCE

.PHONY: programs
programs: $(PROGRAMS)

build/programs/%: test/programs/%.c test/programs/common.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -o $@ $<

# They are the guard's other side, or parts of itself.
build/programs/guard-client build/programs/guard-layout build/programs/guard-journal-layout build/programs/guard-step: $(wildcard src/guard/*.h) src/guard/step.c

build/programs/%: test/bench/%.c test/programs/common.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) -Itest/programs -o $@ $<
