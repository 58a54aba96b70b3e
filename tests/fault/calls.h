/*
 * calls.h - how system calls fail: for each the errors that a process can get for a correct request
 * (no memory, no descriptors, limits, a missing permission, a file that has been removed).
 *
 * A row without errors is a call that cannot fail, or after whose failure the C library ends the
 * program.  A call without a row fails with the error of a container's seccomp filter.
 */
#ifndef NSISOLATE_TEST_CALLS_H
#define NSISOLATE_TEST_CALLS_H

#define CALL_ERRORS_MAX 8

struct call {
	long number;
	const char *name;
	enum {
		FAILS, /* has no effect and returns the error */
		DONE_ANYWAY, /* close(2): the descriptor is closed even when it fails */
		/* brk(2): returns the unchanged break */
		NOTHING_CHANGED,
	} how;
	int errors[CALL_ERRORS_MAX]; /* ends with 0 */
};

/* The row of a call; for a call without one, the row "other calls". */
const struct call *call_by_number(long number);

#endif
