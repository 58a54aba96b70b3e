/*
 * overmounts.h - file systems of the session's own, mounted over the host's.
 *
 * For a mount namespace that mounts_isolate (mounts.h) has been called in, with the host's /proc
 * still in place.  A directory that does not exist on the host is left out.
 */
#ifndef NSISOLATE_OVERMOUNTS_H
#define NSISOLATE_OVERMOUNTS_H

#include <sys/types.h>

#include "conf/common/error.h"

/* What remains visible in a private /tmp: the sockets of a local X server. */
#define OVERMOUNTS_KEPT 2
struct overmounts_kept {
	dev_t device[OVERMOUNTS_KEPT];
	ino_t inode[OVERMOUNTS_KEPT]; /* 0: not there, or not made by the host's owner */
};

/* Finds them; call it before there is a user namespace, where all other users look alike. */
void overmounts_find_kept(struct overmounts_kept *kept);

/*
 * Covers each directory of @set (private_dirs.h) with a tmpfs of the same mode, and of @size
 * (tmpfs(5)).  What PAM has made in /tmp for @uid and named in the session's variables is in the
 * new one, too: pam_tmpdir(8)'s directory /tmp/user/UID, empty, and Kerberos caches krb5cc_UID*
 * (ticket_caches.h).
 */
int overmounts_private_dirs(unsigned set, const char *size, const struct overmounts_kept *kept,
	uid_t uid, gid_t gid, struct error *error);

/* Covers /dev/mqueue with the queues of this process's IPC namespace: mq_overview(7). */
int overmounts_mqueue(struct error *error);

/* Covers /sys/fs/cgroup with that of this process's cgroup namespace: cgroup_namespaces(7). */
int overmounts_cgroup(struct error *error);

#endif
