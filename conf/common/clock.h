/*
 * clock.h - the clock that deadlines go by: CLOCK_MONOTONIC, which nobody sets.
 */
#ifndef NSISOLATE_CLOCK_H
#define NSISOLATE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds. */
static inline int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
