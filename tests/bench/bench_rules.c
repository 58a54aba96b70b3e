/*
 * What the configuration costs a login: reading, checking, parsing and matching, file and all.
 *
 * For each number of rules: the median of many runs.  The login falls under the last rule, so all
 * are tried; `names` rules look at users, `groups` rules ask NSS for the login's groups, once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conf/rules/rules.h"

#define RUNS 301

static const struct {
	const char *name, *rule; /* of one that does not match */
} sorts[] = {
	{"names",
		"[rule-%d]\nuser = student%d*, !root\nservice = sshd, login\nhostname = %%u-lab\n"},
	{"groups",
		"[rule-%d]\ngroup = course%d, staff-*\nservice = sshd, login\nlogout = linger\n"},
	{"networks",
		"[rule-%d]\nuid = 0-59999, !%d\nfrom = 192.0.2.0/24, 2001:db8::/32\ngrace = 5\n"},
};

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* A file of so many rules, the last of which matches everybody. */
static void write_rules(const char *path, size_t sort, int count)
{
	FILE *file = fopen(path, "w");

	if (!file)
		abort();
	for (int i = 1; i < count; i++) {
		/* the formats are the table's own */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		fprintf(file, sorts[sort].rule, i, i);
#pragma GCC diagnostic pop
		fputc('\n', file);
	}
	fputs("[everybody]\n", file);
	fclose(file);
}

static void die(const struct diagnostics *diagnostics)
{
	diagnostics_print(diagnostics, stderr);
	exit(EXIT_FAILURE);
}

/* One login; only the time of its match goes to *@match. */
static double login_once(const char *path, double *match)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;
	struct login login;
	struct policy policy;
	struct error error = {0};
	double start, loaded, matched;

	if (login_by_name(&login, "root", &error) < 0)
		abort();
	login.service = "sshd";
	login.rhost = "203.0.113.1";
	start = now_us();
	if (rules_load(path, &rules, &diagnostics) < 0)
		die(&diagnostics);
	loaded = now_us();
	if (rules_match(rules, &login, &policy, &error) < 0 ||
		strcmp(policy.rule, "everybody") != 0)
		abort();
	matched = now_us();
	rules_free(rules);
	login_free(&login);
	*match = matched - loaded;
	return now_us() - start;
}

static void measure(const char *path, size_t sort, int count)
{
	static double all[RUNS], match[RUNS];
	struct stat status;

	write_rules(path, sort, count);
	stat(path, &status);
	for (int i = 0; i < RUNS; i++)
		all[i] = login_once(path, &match[i]);
	qsort(all, RUNS, sizeof *all, compare);
	qsort(match, RUNS, sizeof *match, compare);
	printf("%-9s %5d %8lld %12.1f %12.1f\n", sorts[sort].name, count, (long long)status.st_size,
		all[RUNS / 2], match[RUNS / 2]);
}

int main(void)
{
	static const int counts[] = {1, 10, 100, 1000};
	char path[] = "/tmp/bench_rules.XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		return EXIT_FAILURE;
	close(fd);
	printf("%-9s %5s %8s %12s %12s\n", "rules of", "count", "bytes", "load+match", "match, us");
	for (size_t sort = 0; sort < sizeof sorts / sizeof sorts[0]; sort++)
		for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
			measure(path, sort, counts[i]);
	unlink(path);
	return 0;
}
