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

/* What PID 1 and the outer process of a foreground session tell each other. */
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

/* A login of the session: it is over when its leader has ended or hung up its socket. */
struct pid1_login {
	int leader; /* pidfd; -1: it is known by its socket only */
	/*
	 * A socket.  Attached: the leader hangs up when it closes the session.  A signal would not
	 * do: a user inside can keep a signal of the same number pending, and the leader's would be
	 * lost.  In a foreground session it carries struct pid1_message both ways.
	 */
	int line;
};

struct pid1 {
	/* logout and grace; a further login must ask for all of the same */
	const struct policy *policy;
	struct pid1_login login; /* the first one; its socket stays open */
	struct shared_socket share; /* where further ones come from; SHARED_SOCKET_NONE: nowhere */
	int proc; /* the session's /proc (other_procfs.h), for those */
	/* further logins need descriptors to join the namespaces by, as they are not root */
	bool own_userns;
	int name; /* a descriptor that keeps its hostname (session_number.h); -1: none */
	int signals; /* of pid1_signals */
	int timer; /* of pid1_timer */
	bool counts; /* the outer process wants to know how many processes the command left */
	pid_t pasta; /* its child that the network needs; 0: none, see network.h */
	pid_t command; /* foreground: the user's command; 0 where the leaders fork the processes */
};

/*
 * The descriptor for PID 1's signals, to be created before anybody relies on it; or a negative
 * errno.  Every signal must be blocked.
 */
int pid1_signals(struct error *error);

/*
 * The timer of a session that lingers: it runs while the session has no login, for as long as
 * policy->linger_max allows, by the clock that goes on while the machine sleeps.  nsisolatectl
 * reads in /proc/PID/fdinfo how long it has been running and how long it will.  *@timer is -1 if
 * @policy needs none.  0 or a negative errno with @error filled.
 */
int pid1_timer(const struct policy *policy, int *timer, struct error *error);

/* What the timer is set to if linger_max sets no limit: a hundred years, in seconds. */
#define LINGER_FOREVER 3155760000

/*
 * Reaps; ends the session according to policy->logout when the last login has gone, when the
 * command has ended, or when a SIGTERM comes from outside the PID namespace, as systemd sends it to
 * a scope that it stops.  SIGINT from there ends what lingers, too, as with LOGOUT_KILL.  A signal
 * that says that it comes from inside is ignored; that is not
 * reliable, because with a full queue of signals the kernel drops the sender's identity
 * (sigqueue(3), RLIMIT_SIGPENDING).  So users can end their own sessions, as they can by ending the
 * processes.  Never returns: its exit kills what is left of the session.
 */
_Noreturn void pid1_run(const struct pid1 *pid1);

#endif
