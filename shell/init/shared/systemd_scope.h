/*
 * systemd_scope.h - the systemd unit that a process is in.
 *
 * logind kills what is left of a login (KillUserProcesses=yes), a user's manager what it started.
 * PID 1 of a shared session must outlive the first login: it gets a scope of its own, by
 * systemd-run(1), as systemd requires (a control group has one writer): from the system's manager,
 * or with --user from the user's own.
 *
 * This is not essential: if it fails the session stays in the login's unit.
 */
#ifndef NSISOLATE_SYSTEMD_SCOPE_H
#define NSISOLATE_SYSTEMD_SCOPE_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"

/* Whether this process is in a unit that may end with a login. */
bool unit_ends_with_login(void);

/* Whether the user's manager can be asked: it listens on the user's message bus. */
bool unit_has_manager(uid_t uid);

/* What the process in the scope needs from the one that asked for it. */
struct unit_hand {
	int answer, leader, lock;
};

/*
 * How long systemd may take.  It takes some 20 ms; a login waits 10 s in all for its session
 * (SPAWN_SHARED_MS), and the user's next logins wait for this one meanwhile.
 */
#define UNIT_PATIENCE_MS 2000

/*
 * Starts this program again, with the same @arguments and --moved, in a scope of its own, and
 * passes it @hand.  @user: in one of the user's manager.  Returns the PID of that child, which has
 * taken over and must be waited for; or 0 with the reason in @error: then no process was left.
 */
pid_t unit_leave(char **arguments, bool user, const struct unit_hand *hand, struct error *error);

/* In the scope, with --moved: takes over.  -1: the process that asked for it has given up. */
int unit_arrive(struct unit_hand *hand);

#endif
