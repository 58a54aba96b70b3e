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
};

/*
 * Puts whatever the calling process forks from now on into new namespaces as @policy says.  On
 * error the process is as it was, unless session->caller.stuck says that it could not go all the
 * way back, and nothing is left.
 */
int pam_session_open(struct pam_session *session, const struct policy *policy,
	const struct login *login, struct error *error);

/*
 * How many processes an open session has, of process_count; -ESRCH: its PID 1 has gone, and they
 * with it; another negative errno where that cannot be told.
 */
int pam_session_left(const struct pam_session *session);

/*
 * Tells PID 1 to end the session and gives the process its own namespaces back.  Never waits for
 * the end: sshd reaps its child, which is a process of the session, only after this.  In another
 * process than the one that opened the session it only forgets it: that one's end will end it.
 */
int pam_session_close(struct pam_session *session, struct error *error);

#endif
