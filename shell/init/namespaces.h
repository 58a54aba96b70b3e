/* namespaces.h - new namespaces, and the proof that they are new. */
#ifndef NSISOLATE_NAMESPACES_H
#define NSISOLATE_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"

/*
 * What distinguishes a session's namespaces from the host's: being process 1, if one call made them
 * together with the PID namespace; else the inodes of the host's, 0 if unknown.
 */
struct namespaces_host {
	bool first;
	ino_t uts;
	ino_t mnt;
};

/*
 * Whether this process's namespace @file, "uts" or "mnt", is not the host's, which has that inode.
 */
bool namespaces_is_new(
	const struct namespaces_host *host, const char *file, ino_t inode, struct error *error);

/*
 * Forks into new namespaces of @flags (CLONE_NEW*); a user namespace among them has the caller's
 * hard limits as its ceiling, not the soft ones, which both processes keep.  Returns 0 in the
 * child, its pid in the parent with *@pidfd open (close-on-exec), or a negative errno with @error
 * naming the kind that the kernel refused, the cause and the remedy.
 */
pid_t namespaces_clone(int flags, int *pidfd, struct error *error);

/*
 * Starts @run with @data and its own pid, as this process numbers it, in new namespaces of @flags,
 * and ends this process with status 0; the new one ends with what @run returns.  It does not get a
 * copy of the memory but the memory itself, with all that @data points to, and a stack below this
 * one: a fork can cost more than all the rest of a login.  Returns only on failure, as
 * namespaces_clone() does.
 */
int namespaces_start(int flags, int (*run)(void *data, pid_t pid), void *data, struct error *error);

/*
 * The same for this process itself: unshare(2), but also enters a new time namespace.  It does not
 * enter a new PID namespace.
 */
int namespaces_unshare(int flags, struct error *error);

/*
 * In a new user namespace: maps @uid and @gid to themselves and nothing else, see
 * user_namespaces(7).  Supplementary groups stay in force but have no name inside.
 */
int namespaces_map_ids(uid_t uid, gid_t gid, struct error *error);

/* In a new network namespace: brings up the loopback device, which is all that it has. */
int namespaces_loopback_up(struct error *error);

/*
 * Sets hostname and domainname ("" leaves one) of this process's UTS namespace, after making sure
 * that it is not the host's: a mistake here would rename the host.
 */
int namespaces_set_names(const struct namespaces_host *host, const char *hostname,
	const char *domainname, struct error *error);

#endif
