/*
 * caller.h - the PAM application's own place: what it had before the session, and gets back.
 *
 * The application (sshd's monitor, login, su) stays the same process; only the namespaces for what
 * it does next change.  Descriptors are kept as few as can be, all close-on-exec and above stderr,
 * and none of a directory: sshd's unprivileged child is forked and not exec'ed, so it has them too.
 */
#ifndef NSISOLATE_CALLER_H
#define NSISOLATE_CALLER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"

#define CALLER_KINDS_MAX 8

struct caller {
	bool *here; /* true in the process that this is about, false in every fork of it; or NULL */
	int own[CALLER_KINDS_MAX]; /* its own namespaces, in the order of kinds[]; -1: not left */
	int joined_kinds; /* CLONE_NEW*: the session's, which it is in */
	bool left; /* it is in a copy of its mount namespace */
	bool stuck; /* it could not be given back all it had: half isolated */
	ino_t mount; /* the inode of its own mount namespace */
	char *root; /* where it is chrooted to in there; NULL: it is not */
	dev_t root_device; /* its root directory */
	ino_t root_inode;
};

/*
 * Remembers the namespaces of @flags (CLONE_NEW*) and, with CLONE_NEWNS, moves the calling process
 * into a copy of its mount namespace: root and working directory stay what they are.  Refuses a
 * multithreaded process, which setns(2) could move only in part, and one that has left its PID
 * namespace already.  On error nothing has changed, unless caller->stuck says so.  Either way
 * caller_return gives back.  The calling process must hold its SIGCHLD (caller_signals_hold).
 */
int caller_leave(struct caller *caller, int flags, struct error *error);

/*
 * Whether this is the process of caller_leave, and caller_return is still to come.  A pid would not
 * tell: a fork is in the session's PID namespace, where the numbers begin anew.
 */
bool caller_is_here(const struct caller *caller);

/*
 * Joins what the process of @pidfd is in, for @flags: whatever is forked from now on is in there.
 * CLONE_NEWNS among them leaves the copy of caller_leave for the mount namespace of that process;
 * root and working directory stay what they are by name ("/" where there is no such directory).
 */
int caller_join(struct caller *caller, int pidfd, int flags, struct error *error);

/*
 * Back to the remembered namespaces, root and working directory (a directory that only the session
 * had becomes "/"), and closes the descriptors.  Does what it can when something fails, says so,
 * and sets caller->stuck.  A process that could only be let out of its chroot ends.
 */
int caller_return(struct caller *caller, struct error *error);

/*
 * Whether this process can never be root's again: none of its uids is 0, and it may not have
 * CAP_SYS_ADMIN.
 */
bool caller_has_become_user(void);

/*
 * caller_return, after which this process still has a session: it is not in it any more, and what
 * it started there is.
 */
int caller_step_out(struct caller *caller, struct error *error);

/*
 * SIGCHLD made harmless for a moment: blocked, so that a handler of the application cannot reap a
 * child of ours; and not ignored, so that we can.  By caller_signals_restore those children must be
 * reaped; then only those signals are delivered that are about the application's own.
 */
struct caller_signals {
	sigset_t mask;
	struct sigaction on_child;
	bool changed;
	bool had; /* one was pending before */
};
void caller_signals_hold(struct caller_signals *signals);
void caller_signals_restore(const struct caller_signals *signals);

#endif
