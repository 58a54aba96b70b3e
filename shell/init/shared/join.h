/*
 * join.h - lets one more login into an existing shared session: requested by the helper that the
 * login's leader has started, granted by the session's PID 1.
 *
 *	helper		connects (socket.h), and sends what its rule asks for, with the leader's
 *			pidfd and the socket for the answer
 *	PID 1		`joined NUMBER` (session_number.h), with a pidfd of its own; or `changed`:
 *			the session was made with other settings; or `disconnected`: its network has
 *			lost its way out; or `failed`
 *
 * If the connection is closed without an answer, the session has ended.
 *
 * A user, who has no right to join by the pidfd, also gets descriptors of the namespaces: the user
 * namespace's, then those of the kinds in the order of kinds[].  The last descriptor is that of the
 * session's /proc (other_procfs.h): a process that joins looks for others mounted meanwhile.
 */
#ifndef NSISOLATE_JOIN_H
#define NSISOLATE_JOIN_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/error.h"
#include "conf/common/kinds.h"
#include "conf/common/policy.h"

/* What a login joins by. */
struct join_way {
	int fds[KINDS_MAX + 3]; /* pidfd; for a user: the namespaces; /proc */
	size_t count;
	unsigned number; /* of its hostname: policy.h */
};
void join_way_close(struct join_way *way);

/* The descriptor of the namespace @kind in a user's way in, of namespaces of @kinds; -1: none. */
int join_way_namespace(const struct join_way *way, int kinds, int kind);

/* The same, of the session's /proc: behind all those. */
int join_way_proc(const struct join_way *way, int kinds);

/*
 * How long PID 1 may take to answer: less than the login waits for the helper (SPAWN_SHARED_MS).
 * Its user can stop it (SIGSTOP), like any process with the same ids: it is continued so often.
 */
#define JOIN_PATIENCE_MS 8000
#define JOIN_CONTINUE_MS 200

/*
 * The helper's part, on @connection: 1 when the login is in, with @way filled; 0 when it needs a
 * session of its own: this one has ended, was made with other settings, or has lost its way out,
 * and @error says so, for the log.  An error if its PID 1 does not answer.
 */
int join_ask(int connection, const struct policy *policy, int leader, int answer,
	struct join_way *way, struct error *error);

/*
 * PID 1's part: receives the request on @connection.  JOIN_SAME: it is for a session made by
 * @policy, and *@leader and *@line are the login's.  JOIN_FAILED: nothing came, or no descriptor is
 * left.
 */
enum join { JOIN_SAME, JOIN_CHANGED, JOIN_FAILED, JOIN_DISCONNECTED };
enum join join_receive(int connection, const struct policy *policy, int *leader, int *line);

/* ... and answers so.  A negative errno when nobody listens any more. */
int join_grant(int connection, bool own_userns, const struct policy *policy, int proc);
void join_refuse(int connection, enum join why);

/*
 * `ready`, on the answer socket of the login that made the session; with the namespaces, for a
 * user.
 */
int join_answer_ready(int answer, bool own_userns, int kinds);

#endif
