/*
 * samples.h - measured samples, printed one per line, and a random order of the candidates.
 *
 * A sample is a line `TABLE <tab> ROUND <tab> LABEL <tab> METRIC <tab> VALUE` on standard output;
 * which tests/bench/report evaluates.  Times are in microseconds.
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

/* A new random order of 0 .. count-1 in @order; the same sequence in every run. */
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

/* Shows progress on a terminal; standard output is for the samples. */
static inline void progress(const char *table, int round, int rounds)
{
	if (round % 10 == 0 || round == rounds)
		fprintf(stderr, "\r\033[K%s: %d of %d", table, round, rounds);
}

#endif
