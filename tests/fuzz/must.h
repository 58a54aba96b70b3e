/*
 * must.h - conditions that hold for every input; otherwise the fuzzer has found a bug.
 */
#ifndef NSISOLATE_TEST_MUST_H
#define NSISOLATE_TEST_MUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says what does not hold, for the reader of the crash. */
static inline void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

#endif
