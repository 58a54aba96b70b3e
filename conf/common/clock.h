/*
 * clock.h - the clocks that nobody can set: CLOCK_MONOTONIC for deadlines, and CLOCK_BOOTTIME for
 * ages, which includes the time that the machine was suspended.
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

static inline int64_t clock_boot_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

#endif
