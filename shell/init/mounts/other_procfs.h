/*
 * other_procfs.h - every procfs that is mounted elsewhere than on /proc: a chroot's, a
 * debootstrap's, schroot's.  Such a one shows the host's processes to whoever can reach it, in a
 * session as outside.
 */
#ifndef NSISOLATE_OTHER_PROCFS_H
#define NSISOLATE_OTHER_PROCFS_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"

/*
 * Covers each procfs of this mount namespace but @own, a descriptor of the session's, with that
 * one: a chroot goes on working, and shows the session only.  What shows no processes (/proc/sys
 * alone, bound somewhere) stays, and so does what another mount hides.  Where somebody moves
 * directories about meanwhile it is tried again; in the end it is an error where it may be @uid,
 * whose session it is, and nobody else is kept out by it.
 *
 * @host: a descriptor of a /proc that has this process, to read mountinfo by.  @own_userns: what
 * cannot be reached (EACCES) cannot be by the session either, which has the same rights.
 */
int other_procfs_cover(int own, int host, uid_t uid, bool own_userns, struct error *error);

/* A descriptor of what is mounted on /proc, for either. */
int procfs_open(struct error *error);

#endif
