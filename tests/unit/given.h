/*
 * given.h - what the tests of conf/ start from: a configuration as text, a login as a row.
 *
 * The text goes into a memory file, so that no test leaves anything behind; its path is
 * /proc/self/fd/N.  Included once by each check_*.c, whose main is CHECK_MAIN.
 */
#ifndef NSISOLATE_TESTS_GIVEN_H
#define NSISOLATE_TESTS_GIVEN_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "conf/rules/rules.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

/*
 * Runs the suite; the program's status is 0 when everything passed.  A test is given up as hanging
 * after five minutes, where the environment does not say otherwise: machines differ.
 */
#define CHECK_MAIN(suite)                                    \
	int main(void)                                       \
	{                                                    \
		setenv("CK_DEFAULT_TIMEOUT", "300", 0);      \
		SRunner *runner = srunner_create(suite());   \
		int failed;                                  \
                                                             \
		srunner_run_all(runner, CK_ENV);             \
		failed = srunner_ntests_failed(runner);      \
		srunner_free(runner);                        \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS; \
	}

/*
 * What this machine cannot show is left out by the suite, which says so in a line that begins with
 * `skipped: N test`: tests/run counts them.  These two are asked of the kernel itself: under
 * fakeroot geteuid(3) is 0, and in a container root may not have root's capabilities.
 */
static inline bool is_root(void)
{
	return syscall(SYS_geteuid) == 0;
}

/* Whether namespaces of these kinds (CLONE_NEW*) can be made. */
static inline bool can_unshare(unsigned long flags)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(syscall(SYS_unshare, flags) < 0);
	waitpid(pid, &status, 0);
	return status == 0;
}

/* The path of a file with these bytes that root trusts; valid until the test's process ends. */
static inline const char *given_bytes(const char *bytes, size_t size)
{
	static char path[64];
	int fd = memfd_create("given", 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, 0600), 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}

/* The rules of a text, which must be well formed. */
static inline struct rules *given_rules(const char *text)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;

	if (rules_load(given_bytes(text, strlen(text)), &rules, &diagnostics) < 0) {
		diagnostics_print(&diagnostics, stderr);
		ck_abort_msg("these rules were expected to be well formed");
	}
	diagnostics_free(&diagnostics);
	return rules;
}

/* The finding at @line:@column whose text contains @piece; NULL when there is none. */
static inline const struct diagnostic *find_diagnostic(
	const struct diagnostics *diagnostics, unsigned line, unsigned column, const char *piece)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *found = &diagnostics->list[i];

		if (found->line == line && found->column == column && strstr(found->text, piece))
			return found;
	}
	return NULL;
}

/* Fails with all findings shown unless the wanted one is among them. */
static inline const struct diagnostic *want_diagnostic(
	const struct diagnostics *diagnostics, unsigned line, unsigned column, const char *piece)
{
	const struct diagnostic *found = find_diagnostic(diagnostics, line, column, piece);

	if (!found) {
		diagnostics_print(diagnostics, stderr);
		ck_abort_msg("no finding at %u:%u with '%s'", line, column, piece);
	}
	return found;
}

#endif
