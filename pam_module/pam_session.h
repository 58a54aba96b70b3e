/*
 * pam_session.h - one isolated session of the application, from open to close.
 */
#ifndef NSISOLATE_PAM_SESSION_H
#define NSISOLATE_PAM_SESSION_H

#include <stdbool.h>

#include "caller.h"
#include "conf/common/policy.h"
#include "conf/login/login.h"
#include "spawn.h"

struct pam_session {
	struct caller caller;
	struct spawned spawned;
	ino_t namespace; /* inode of its PID namespace; 0: it has none of its own */
	bool open;
	bool pasta; /* one of its processes is that, `network = user` */
};

/*
 * Puts everything that the calling process forks from now on into new namespaces according to
 * @policy.  On error nothing is left behind, and the process is as it was, unless
 * session->caller.stuck is set: then part of it could not be restored (caller_return).
 */
int pam_session_open(struct pam_session *session, const struct policy *policy,
	const struct login *login, struct error *error);

/*
 * How many processes an open session has, from process_count; -ESRCH: its PID 1 has ended, and they
 * with it; another negative errno where that is unknown.
 */
int pam_session_left(const struct pam_session *session);

/*
 * Tells PID 1 to end the session and restores the process's own namespaces.  Never waits for the
 * end: sshd reaps its child, which is a process of the session, only after this returns.  In a
 * process other than the one that opened the session this only forgets it: that process's end will
 * end it.
 */
int pam_session_close(struct pam_session *session, struct error *error);

#endif
