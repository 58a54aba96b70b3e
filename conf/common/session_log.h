/*
 * session_log.h - what the system log says of a session: the same words whichever way in made it.
 *
 *	session opened: user=alice rule=users service=sshd from=192.0.2.7 hostname=alice-lab
 *		namespace=4026532871 init=4711 id=0f3a9c21 joined=no unit=-
 *	session closed: user=alice rule=users service=sshd init=4711 id=0f3a9c21 seconds=60
 *		processes=2 reason=logout
 *
 * One line each, always with the same keys, and "-" for what is unknown.  No value can start
 * another line, word or key, wherever it comes from.
 */
#ifndef NSISOLATE_SESSION_LOG_H
#define NSISOLATE_SESSION_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "policy.h"

#define SESSION_LOG_MAX 1024 /* bytes of a line, its end included */

struct session_log {
	/* as words of a line */
	char user[256], service[64], from[256];
	char rule[POLICY_RULE_MAX + 1], hostname[POLICY_NAME_MAX + 1], id[POLICY_ID_LENGTH + 1];
	ino_t namespace; /* inode of the PID namespace; 0: it is not known, or there is none */
	pid_t init; /* its PID 1, as the host numbers it; 0: there is none */
	bool joined; /* the namespaces were there before, with the user's other logins */
	bool stays; /* a new shared one, which stays in this login's systemd unit */
	time_t since; /* CLOCK_MONOTONIC seconds */
};

/* @value, from wherever, as one word of a line; more than @size - 1 bytes of it are cut off. */
void session_log_word(char *word, size_t size, const char *value);

/*
 * There is no session for @user.  @let_in: why the login is let in anyway; NULL: it is
 * refused.
 * @why: which step failed, and how.
 */
void session_log_failed(
	const char *user, const char *let_in, const char *why, char text[SESSION_LOG_MAX]);

/* What @user gets was decided without knowing it all; @doubt: what is not known, and why. */
void session_log_doubt(const char *user, const struct policy *policy, const char *doubt,
	char text[SESSION_LOG_MAX]);

/* The session begins now; NULL is what is not known of it, and what is not named is 0. */
void session_log_start(struct session_log *log, const struct policy *policy, const char *user,
	const char *service, const char *from);

/* The session has the hostname that @hostname is with this @number: policy_hostname(). */
void session_log_number(struct session_log *log, const char *hostname, unsigned number);

/* What it goes without. */
void session_log_note(const struct session_log *log, const char *note, char text[SESSION_LOG_MAX]);

void session_log_opened(const struct session_log *log, char text[SESSION_LOG_MAX]);

/* @left: processes that it still had, of process_count; or a negative errno.  @reason: one word. */
void session_log_closed(
	const struct session_log *log, int left, const char *reason, char text[SESSION_LOG_MAX]);

#endif
