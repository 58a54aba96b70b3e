/*
 * session_number.h - which of a user's sessions it is among those with the same hostname.
 *
 * Programs take a lock for stale if it names this host and a process that is not here.  So no two
 * sessions of a user that are alive at the same time have the same hostname, even if their rules
 * say so: the second one gets a -2.
 *
 * A name is taken while its session's PID 1 lives: by a lock of one byte, at the place in a file
 * that is the name's hash, which the kernel gives back with the last descriptor.  The file, one for
 * each user, stays empty, and is where the user's logins find each other (socket.h).
 */
#ifndef NSISOLATE_SESSION_NUMBER_H
#define NSISOLATE_SESSION_NUMBER_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"

/* How many sessions with one hostname can be told apart. */
#define SESSION_NUMBER_MAX 99

/*
 * Sets policy->number to the lowest one free, if there may be one.  @own_userns: for
 * nsisolate-shell.  Returns a descriptor, close-on-exec, which PID 1 keeps open; -1 where there is
 * none, and then the session has the name as it is: @why, which is "" where that is no news, says
 * so for the log.
 */
int session_number_take(struct policy *policy, uid_t uid, bool own_userns, struct error *why);

#endif
