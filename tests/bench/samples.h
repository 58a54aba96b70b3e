/*
 * samples.h - times taken, told one a line, and an order in which nobody always follows the same
 * one.
 *
 * A sample is a line `TABLE <tab> ROUND <tab> LABEL <tab> METRIC <tab> VALUE` on standard output;
 * what becomes of them is tests/bench/report's.  Times are microseconds.
 */
#ifndef NSISOLATE_BENCH_SAMPLES_H
#define NSISOLATE_BENCH_SAMPLES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static inline void sample(
	const char *table, int round, const char *label, const char *metric, double value)
{
	printf("%s\t%d\t%s\t%s\t%.3f\n", table, round, label, metric, value);
}

/* A new order of 0 .. count-1 in @order, the same ones in every run. */
static inline void shuffle(int *order, int count)
{
	static uint64_t state = 88172645463325252u;

	for (int i = 0; i < count; i++)
		order[i] = i;
	for (int i = count - 1; i > 0; i--) {
		int other, kept = order[i];

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		other = (int)(state % (uint64_t)(i + 1));
		order[i] = order[other];
		order[other] = kept;
	}
}

static inline _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* Says on a terminal how far it has come; standard output is the samples'. */
static inline void progress(const char *table, int round, int rounds)
{
	if (round % 10 == 0 || round == rounds)
		fprintf(stderr, "\r\033[K%s: %d of %d", table, round, rounds);
}

#endif
