/*
 * pid1.h - the whole life of a session's PID 1, from "ready" to the end of its last process.
 */
#ifndef NSISOLATE_PID1_H
#define NSISOLATE_PID1_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "error.h"
#include "policy.h"

/* What PID 1 tells the outer process of a foreground session, and hears from it. */
struct pid1_message {
	enum { PID1_READY, PID1_STOPPED, PID1_ENDED, PID1_FAILED, PID1_SIGNAL } what;
	int value; /* a wait status (wait(2)), or a signal's number */
	char text[512]; /* of PID1_FAILED */
};

struct pid1 {
	const struct policy *policy; /* logout and grace */
	/*
	 * Readable when the session shall end: the pidfd of the leader; or, in a foreground session,
	 * the socket to the outer process, which carries struct pid1_message both ways and whose end
	 * is the leader's.
	 */
	int leader;
	/*
	 * Attached: the socket on which the leader hangs up when it closes the session; -1: none.  A
	 * signal would not do: a user inside can keep one of the same number pending, and the
	 * leader's would be lost.
	 */
	int closing;
	int signals; /* of pid1_signals */
	pid_t command; /* foreground: the user's command; 0 where the leader forks the processes */
};

/*
 * The descriptor by which PID 1 hears signals, to be had before anybody counts on it; or a negative
 * errno.  Every signal must be blocked.
 */
int pid1_signals(struct error *error);

/*
 * Reaps; ends the session as policy->logout says when the leader is gone or hangs up, when the
 * command has ended, or when a SIGTERM comes from outside the PID namespace.  Signals from inside do
 * nothing.  Never returns: its exit ends what is left of the session.
 */
_Noreturn void pid1_run(const struct pid1 *pid1);

#endif
