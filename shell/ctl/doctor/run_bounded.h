/*
 * run_bounded.h - another program's word, in bounded time.
 */
#ifndef NSISOLATE_CTL_RUN_BOUNDED_H
#define NSISOLATE_CTL_RUN_BOUNDED_H

#include <stdbool.h>
#include <sys/types.h>

#define RUN_STATUS_NONE (-1) /* it could not be run, did not end in time, or was killed */

struct run_result {
	int status; /* its exit status */
	char out[65536]; /* what it wrote, as far as there is room */
	char err[512]; /* the first line of its standard error; or why it has no status */
};

/* Whose process it will be: without groups, and with nothing that the caller may do. */
struct run_user {
	uid_t uid;
	gid_t gid;
};

/*
 * Somebody whom nobody is: ids without an account, a group or a process.  A process of a user's
 * could be traced by that user, who would so say what it says; with such ids it is out of
 * everybody's reach.  False when there is nobody like that.
 */
bool run_find_stranger(struct run_user *user);

/*
 * Runs @argv[0] in a session of its own, without a terminal and without descriptors but its
 * standard input, which is empty, and what it writes to; with the environment @environment, a new
 * keyring and `/` as directory.  Waits for at most 10 s; after that it is killed.  @user: NULL for
 * the caller's own; else of run_find_stranger, because a user controls a process that is started
 * with that user's ids, and so what it says.
 */
void run_program(char *const *argv, char *const *environment, const struct run_user *user,
	struct run_result *result);

/* The same, and its standard input is @input, which stays the caller's; -1: it is empty. */
void run_program_on(int input, char *const *argv, char *const *environment,
	const struct run_user *user, struct run_result *result);

#endif
