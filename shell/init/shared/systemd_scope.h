/*
 * systemd_scope.h - the systemd unit that a process is in.
 *
 * logind ends what is left of a login (KillUserProcesses=yes), a user's manager what it started.
 * PID 1 of a set that several logins share must outlive the first of them: it gets a scope of its
 * own, by systemd-run(1), which is how systemd wants it (its control groups have one writer): the
 * system's manager, or with --user the user's own.
 */
#ifndef NSISOLATE_SYSTEMD_SCOPE_H
#define NSISOLATE_SYSTEMD_SCOPE_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"

/* Whether this process is in a unit that can end with a login. */
bool unit_ends_with_login(void);

/* Whether the user's manager can be asked: it listens on the user's message bus. */
bool unit_has_manager(uid_t uid);

/*
 * Becomes systemd-run, which becomes this program again, in a scope of its own, with the same
 * @arguments and --moved=@keep: a descriptor that stays open.  Same process, same parent.
 * @user: in one of the user's manager.  Returns only on error.
 */
int unit_leave(char **arguments, bool user, int keep, struct error *error);

#endif
