/*
 * pid1.h - the whole life of a session's PID 1, from "ready" to the end of its last process.
 */
#ifndef NSISOLATE_PID1_H
#define NSISOLATE_PID1_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"
#include "shell/init/shared/socket.h"

/* What PID 1 tells the outer process of a foreground session, and hears from it. */
struct pid1_message {
	enum { PID1_READY, PID1_STOPPED, PID1_ENDED, PID1_FAILED, PID1_SIGNAL } what;
	int value; /* a wait status (wait(2)), or a signal's number */
	/*
	 * For the log; PID1_READY: inode of the PID namespace; PID1_ENDED: processes left, or
	 * errno.  PID1_FAILED: whether it was lacking (error.h).
	 */
	long long number;
	char text[512]; /* of PID1_FAILED; PID1_READY: what the session goes without, or "" */
};

/* A login that the session is for: it has gone when its leader has ended or hung up on its line. */
struct pid1_login {
	int leader; /* pidfd; -1: it is known by its line only */
	/*
	 * A socket.  Attached: on which the leader hangs up when it closes the session.  A signal
	 * would not do: a user inside can keep one of the same number pending, and the leader's
	 * would be lost.  In a foreground session it carries struct pid1_message both ways.
	 */
	int line;
};

struct pid1 {
	/* logout and grace; and all of it is what a further login must ask for */
	const struct policy *policy;
	struct pid1_login login; /* the first one; its line stays open */
	struct shared_socket share; /* where further ones come from; SHARED_SOCKET_NONE: nowhere */
	int proc; /* the session's /proc (other_procfs.h), for those */
	bool own_userns; /* further logins have no root: to join they need descriptors */
	int signals; /* of pid1_signals */
	bool counts; /* the outer process wants to know how many processes the command left */
	pid_t command; /* foreground: the user's command; 0 where the leaders fork the processes */
};

/*
 * The descriptor by which PID 1 hears signals, to be had before anybody counts on it; or a negative
 * errno.  Every signal must be blocked.
 */
int pid1_signals(struct error *error);

/*
 * Reaps; ends the session as policy->logout says when the last login has gone, when the command has
 * ended, or when a SIGTERM comes from outside the PID namespace, as systemd sends it to a scope
 * that it stops.  One from inside is passed over where it tells that it is; that proves nothing,
 * for with a full queue of signals the kernel drops what it knows of the sender (sigqueue(3),
 * RLIMIT_SIGPENDING).  So users can end their own sessions, as they can by ending the processes.
 * Never returns: its exit ends what is left of the session.
 */
_Noreturn void pid1_run(const struct pid1 *pid1);

#endif
