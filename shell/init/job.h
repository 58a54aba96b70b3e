/*
 * job.h - the two ways to run nsisolate-init.
 */
#ifndef NSISOLATE_JOB_H
#define NSISOLATE_JOB_H

#include "conf/common/error.h"
#include "setup.h"

/* The command name, as in /proc/PID/comm, and the prefix of every message. */
#define INIT_NAME "nsisolate-init"

/*
 * The command line's memory after its first word, which says whose session it is: ps should show
 * that, not the options.
 */
struct title {
	char *start; /* of the first word */
	char *rest;
	size_t length; /* of the rest */
	const char *text; /* shown instead of the first word; NULL: that stays */
};
struct title title_find(char **arguments);
void title_shorten(const struct title *title);

struct job {
	struct setup setup;
	struct title title;
	char **command; /* foreground: what to run; NULL: attach */
	char **arguments; /* the whole command line */
	bool stay; /* attach: in whatever unit this login is, even for a session that outlives it */
	bool moved; /* attach: by unit_leave, to a unit of its own */
	int environment; /* foreground: a descriptor that has the command's; -1: it is ours */
	const char *log_user; /* foreground: for the log; NULL: nothing is logged */
	const char *from; /* foreground: for the log; NULL: it is not known */
	bool login; /* foreground: the command's argv[0] gets a leading dash */
};

/*
 * Attach: for the PAM module, whose process (the parent: the leader) waits for the answer on
 * standard output (conf/common/answer.h) and then joins the namespaces of PID 1.  Then PID 1 waits
 * until the reader of the answer hangs up, which ends the session.  Returns main's status.  Without
 * a PID namespace there is no PID 1, and this process holds the other namespaces until then.
 */
int attach_run(struct job *job);

/*
 * Foreground: runs job->command in the session, with the caller's terminal, and ends as it ends:
 * with the same exit status, or by the same signal.  Returns main's status.
 */
int foreground_run(struct job *job);

#endif
