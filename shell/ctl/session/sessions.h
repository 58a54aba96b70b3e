/*
 * sessions.h - the running sessions, found in what the kernel says.
 *
 * A session is a process that runs the installed nsisolate-init and is PID 1 of its own PID
 * namespace.  The owner of that namespace, a user namespace, says which way in made it:
 *   - ours: only root can have made it, so it is the module's.  What the module knew is in PID 1's
 *     environment, which nobody but root can read or change.
 *   - another one: nsisolate-shell's.  The user is the owner of that user namespace; of the rest
 *     the hostname and the leader come from the kernel, rule and service are only the user's claim.
 * A module's session without the module's mark (origin.h) is a claim like a shell's.  Nothing else
 * counts: no name, title or command of a process.
 *
 * The strings are bytes as they were found, including control characters.
 */
#ifndef NSISOLATE_CTL_SESSIONS_H
#define NSISOLATE_CTL_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "conf/common/error.h"

enum session_kind {
	SESSION_MODULE,
	SESSION_SHELL,
	SESSION_UNKNOWN /* an ordinary user asks, and the kernel does not say */
};

struct session {
	enum session_kind kind;
	bool verified; /* rule, service and so on are facts, not claims */
	bool replaced; /* its nsisolate-init has since been replaced */
	pid_t pid; /* PID 1, as numbered in our namespace */
	ino_t namespace; /* its PID namespace; 0: unknown */
	unsigned level; /* which entry of a process's NSpid is the one in the session; 0 is ours */
	unsigned number; /* among the user's sessions shown here; the oldest is 1 */
	uid_t uid;
	gid_t gid;
	/* by all logins of the user (scope = user): has no single service, leader and so on */
	bool shared;
	unsigned logins; /* how many logins a shared one has; 0: unknown, or it lingers */
	long long left; /* seconds without a login; -1: it has one, or it is not known */
	long long ends; /* seconds until it ends because of that; -1: never, or as above */
	pid_t leader; /* 0: unknown, or gone */
	/* of `network = user`: "connected" or "ended"; NULL: of another one, or not known */
	const char *network;
	size_t processes; /* including those in nested namespaces; 0: unknown */
	unsigned long long memory; /* resident bytes, summed; shared memory counts for each */
	long long started; /* in clock ticks since boot */
	long long age; /* seconds */
	char user[256]; /* "", here and below: unknown */
	char rule[68];
	char id[16];
	char service[64];
	char hostname[68];
	char from[256];
	char tty[64];
};

struct sessions_group; /* the processes of one PID namespace */

struct sessions {
	struct session *list; /* by user, the oldest first */
	size_t count;
	bool own_only; /* an ordinary user asked: only the user's own, as far as visible */
	size_t unseen; /* processes that root was not allowed to examine */
	struct sessions_group *groups;
	size_t group_count;
};

/*
 * Makes one pass over /proc.  Ordinary users get their own sessions, not verified.  A process that
 * ends meanwhile is left out.  Returns 0 or a negative errno with @error filled; then @sessions is
 * empty.
 */
int sessions_find(struct sessions *sessions, struct error *error);

void sessions_free(struct sessions *sessions);

/*
 * The session that @word names: the PID of PID 1 or of any process in it, the inode of its PID
 * namespace, USER/N, or its id where that is a fact.  NULL with @error filled.
 */
const struct session *sessions_by_word(
	const struct sessions *sessions, const char *word, struct error *error);

/*
 * The session that holds the PID namespace @namespace or one above it; NULL when none does, or when
 * no process was seen in it.
 */
const struct session *sessions_by_namespace(const struct sessions *sessions, ino_t namespace);

/*
 * A pidfd of the session's PID 1, checked to be the process that was found and from then on immune
 * to PID reuse; and its directory of /proc where @directory is not NULL.  A negative errno with
 * @error filled: it has ended.
 */
int session_open(const struct session *session, int *directory, struct error *error);

/* Whether we are in it ourselves. */
bool session_is_ours(const struct session *session);

/* Whether this process is in one, by what /proc says of process 1. */
bool sessions_hold_us(void);

/* "user alice, rule users, PID 4711": describes the session, in printable ASCII. */
const char *session_name(const struct session *session, char *text, size_t size);

#endif
