/* run_bounded.h - runs another program and reads its output, in bounded time. */
#ifndef NSISOLATE_CTL_RUN_BOUNDED_H
#define NSISOLATE_CTL_RUN_BOUNDED_H

#include <stdbool.h>
#include <sys/types.h>

#define RUN_STATUS_NONE (-1) /* it could not be run, did not end in time, or was killed */

struct run_result {
	int status; /* its exit status */
	char out[65536]; /* its output, as far as there is room */
	/* the first line of its standard error; or the reason that it has no status */
	char err[512];
};

/* The identity that the program gets: no groups, and no privilege of the caller. */
struct run_user {
	uid_t uid;
	gid_t gid;
};

/*
 * Finds ids without an account, a group or a process.  A process with a user's ids can be traced by
 * that user, who would then control what it says; one with unused ids is out of reach for
 * everybody.  False when there are none.
 */
bool run_find_stranger(struct run_user *user);

/*
 * Runs @argv[0] in a session of its own, without a terminal and without descriptors except its
 * standard input, which is empty, and its output; with the environment @environment, a new keyring
 * and `/` as directory.  Waits for at most 10 s, then kills it.  @user: NULL for the caller's
 * identity; else from run_find_stranger, because a user controls a process with that user's ids,
 * and so what it says.
 */
void run_program(char *const *argv, char *const *environment, const struct run_user *user,
	struct run_result *result);

/* The same with @input, which remains the caller's, as its standard input; -1: it is empty. */
void run_program_on(int input, char *const *argv, char *const *environment,
	const struct run_user *user, struct run_result *result);

#endif
