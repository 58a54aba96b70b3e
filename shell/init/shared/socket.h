/*
 * socket.h - where the logins of one user under one rule find the session that they share.
 *
 * A shared session is found by a socket on which its PID 1 listens, in a directory of the user's:
 *
 *	/run/nsisolate/UID/RULE		made by root, for the PAM module
 *	/run/user/UID/nsisolate/RULE	made by the user, for nsisolate-shell
 *
 * Only root can reach what is below /run/nsisolate; nevertheless the last directory belongs to the
 * user, so that PID 1, which runs as the user and holds a descriptor of it, can remove its socket
 * when the session ends.  A peer is trusted only if the kernel says (SO_PEERCRED) that root, or
 * this very user, called listen(2).
 *
 * The directory is locked (flock(2)) from the search for a session until the login has joined or
 * made one: so there is never a second one.
 */
#ifndef NSISOLATE_SOCKET_H
#define NSISOLATE_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"

#define ROOTS_DIRECTORY "/run/nsisolate"
#define USERS_DIRECTORY "/run/user"

/*
 * The directory of @uid below one of these, made if it is missing; or a negative errno.
 * @own_userns: the one for nsisolate-shell, which is -ENOENT where the user has none in /run/user.
 */
int shared_directory_open(uid_t uid, bool own_userns, struct error *error);

struct shared_socket {
	int directory; /* -1: none */
	int listener; /* of PID 1; -1: it does not listen, or no longer does */
	ino_t inode; /* of the listener's socket in the directory */
	char name[POLICY_RULE_MAX + 1]; /* of the socket: the rule's name */
};

#define SHARED_SOCKET_NONE ((struct shared_socket){.directory = -1, .listener = -1})

/*
 * Opens and locks the directory; waits for the lock, for as long as our caller lets us.
 * @own_userns: the one for nsisolate-shell.  @locked: that directory, if it was opened and locked
 * before an exec; else -1.
 */
int shared_socket_open(struct shared_socket *share, uid_t uid, const char *rule, bool own_userns,
	int locked, struct error *error);

/*
 * A connection to the PID 1 of the shared session; -ENOENT when there is none, another negative
 * errno with @error where that is unknown: then no new session may take its name.
 */
int shared_socket_connect(const struct shared_socket *share, struct error *error);

/* Listens, in place of any previous socket. */
int shared_socket_listen(struct shared_socket *share, struct error *error);

/*
 * In PID 1, while it has the helper's ids: the listener is its own, and so is the directory's
 * descriptor, without the lock, which the other one shares with the helper.
 */
int shared_socket_keep(struct shared_socket *share, struct error *error);

/*
 * No login finds this session any more.  Those that are being answered see their connection closed.
 * If a new session has taken the name meanwhile, since this one did not answer, that keeps it.
 */
void shared_socket_withdraw(struct shared_socket *share);

/* The same where another session has taken the name already. */
void shared_socket_forget(struct shared_socket *share);

#endif
