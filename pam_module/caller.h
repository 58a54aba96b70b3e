/*
 * caller.h - the state of the PAM application: what it had before the session, and gets back.
 *
 * The application (sshd's monitor, login, su) stays the same process; only the namespaces for its
 * next children change.  We keep as few descriptors as possible, all close-on-exec and above
 * stderr, and none of a directory: sshd's unprivileged child is forked without exec, so it has them
 * too.
 */
#ifndef NSISOLATE_CALLER_H
#define NSISOLATE_CALLER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "conf/common/kinds.h"

struct caller {
	bool *here; /* true in the application's process, false in every fork of it; or NULL */
	int own[KINDS_MAX]; /* its own namespaces, in the order of kinds[]; -1: not left */
	int joined_kinds; /* CLONE_NEW*: those of the session that it has joined */
	bool left; /* it is in a copy of its mount namespace */
	bool stuck; /* caller_return failed: this process is still half in the session */
	ino_t mount; /* the inode of its own mount namespace */
	char *root; /* its chroot, as a path in that namespace; NULL: none */
	dev_t root_device; /* its root directory */
	ino_t root_inode;
};

/*
 * Records the namespaces of @flags (CLONE_NEW*) and, with CLONE_NEWNS, moves the calling process
 * into a copy of its mount namespace, without changing root and working directory.  Refuses a
 * multithreaded process, which setns(2) could move only in part, and one that has already left its
 * PID namespace.  On error nothing has changed, unless caller->stuck says so.  In either case
 * caller_return restores the state.  The calling process must hold its SIGCHLD
 * (caller_signals_hold).
 */
int caller_leave(struct caller *caller, int flags, struct error *error);

/*
 * Whether this is the process that called caller_leave, and has not called caller_return since.
 * Comparing pids would not tell: a child that it forks is in the session's PID namespace, where
 * numbering starts again.
 */
bool caller_is_here(const struct caller *caller);

/*
 * Joins the namespaces of @flags of the process @pidfd: everything forked from now on is in them.
 * With CLONE_NEWNS, leaves the copy made by caller_leave for the mount namespace of that process;
 * root and working directory keep their names ("/" if a directory does not exist there).
 */
int caller_join(struct caller *caller, int pidfd, int flags, struct error *error);

/*
 * Returns to the recorded namespaces, root and working directory (a directory that only the session
 * had becomes "/"), and closes the descriptors.  If something fails, does what it can, reports it,
 * and sets caller->stuck.  A process that would otherwise be let out of its chroot exits.
 */
int caller_return(struct caller *caller, struct error *error);

/*
 * Whether this process can never become root again: none of its uids is 0, and it lacks
 * CAP_SYS_ADMIN.
 */
bool caller_has_become_user(void);

/*
 * caller_return, but this process keeps the session: it is no longer in it, while the processes
 * that it started there are.
 */
int caller_step_out(struct caller *caller, struct error *error);

/*
 * Makes SIGCHLD harmless temporarily: blocked, so that a handler of the application cannot reap a
 * child of ours, and not ignored, so that we can.  Our children must be reaped before
 * caller_signals_restore, which then delivers only signals about the application's own children.
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
