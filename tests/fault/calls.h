/*
 * calls.h - how system calls fail: for each the errors that a machine in need gives a process which
 * asked for nothing wrong (no memory, no descriptors, limits, a missing right, a file that went).
 *
 * A row without errors is a call that cannot fail, or not so that the C library would let its
 * program go on.  A call without a row fails as a container's seccomp filter lets it fail.
 */
#ifndef NSISOLATE_TEST_CALLS_H
#define NSISOLATE_TEST_CALLS_H

#define CALL_ERRORS_MAX 8

struct call {
	long number;
	const char *name;
	enum {
		FAILS, /* it does nothing and returns the error */
		DONE_ALL_THE_SAME, /* close(2): the descriptor is gone even when it fails */
		/* brk(2): returns what it would if it had been asked for nothing */
		NOTHING_CHANGED,
	} how;
	int errors[CALL_ERRORS_MAX]; /* ends with 0 */
};

/* The row of a call; for one without a row that of "other calls". */
const struct call *call_by_number(long number);

#endif
