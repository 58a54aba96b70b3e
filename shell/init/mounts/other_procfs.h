/*
 * other_procfs.h - every procfs mounted anywhere but on /proc: in a chroot, by debootstrap or
 * schroot.  It shows the host's processes to anybody who can reach it, also in a session.
 */
#ifndef NSISOLATE_OTHER_PROCFS_H
#define NSISOLATE_OTHER_PROCFS_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"

/*
 * Covers each procfs of this mount namespace except @own, a descriptor of the session's, with that
 * one: a chroot keeps working, and shows only the session.  Mounts that show no processes
 * (/proc/sys alone, bound somewhere) are left alone, and so is what another mount hides.  If
 * somebody moves directories meanwhile it tries again; in the end it fails if that may be @uid,
 * whose session it is, or if a FUSE of @uid's is on the way.  So nobody can keep others from
 * logging in by this.
 *
 * @host: a descriptor of a /proc that has this process, to read mountinfo from.  @own_userns: what
 * cannot be reached (EACCES) cannot be reached from the session either, which has the same rights.
 */
int other_procfs_cover(int own, int host, uid_t uid, bool own_userns, struct error *error);

/* A descriptor of what is mounted on /proc, for either. */
int procfs_open(struct error *error);

#endif
