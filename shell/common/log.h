/*
 * log.h - the system log of a foreground session started by nsisolate-shell: the same lines as the
 * PAM module's, see session_log.h.
 *
 * Written as the user: if nobody listens at /dev/log nothing is logged, and nothing fails.
 */
#ifndef NSISOLATE_LOG_H
#define NSISOLATE_LOG_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/policy.h"
#include "conf/common/session_log.h"

/* Who asked for the session, and the names that the rules give it. */
#define LOG_SERVICE "nsisolate-shell"

struct log {
	bool wanted;
	struct session_log session;
};

/* The session of @user begins, from @from; NULL: nothing will be logged, or it is unknown. */
void log_start(struct log *log, const struct policy *policy, const char *user, const char *from);

/* Its PID namespace is that of the descriptor @namespace; -1: unknown. */
void log_namespace(struct log *log, int namespace);

/* Its hostname has this number: struct policy. */
void log_number(struct log *log, const struct policy *policy);

/* What the session goes without; "": nothing. */
void log_note(const struct log *log, const char *note);

void log_opened(const struct log *log);

/* @left: processes that are still there; or a negative errno.  @reason: one word. */
void log_closed(const struct log *log, int left, const char *reason);

/* There is no session for @user (NULL: nothing is logged), who is @allowed in anyway. */
void log_failed(const char *user, bool allowed, const char *why);

#endif
