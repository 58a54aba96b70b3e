/*
 * runtime_dir.h - the session's own /run/user.
 *
 * For a mount namespace that mounts_isolate (mounts.h) has been called in, with the host's /proc
 * still in its place.
 */
#ifndef NSISOLATE_RUNTIME_DIR_H
#define NSISOLATE_RUNTIME_DIR_H

#include <sys/types.h>

#include "conf/common/error.h"

/*
 * Covers /run/user, so that nothing which listens there for the user can be reached: the user's
 * systemd and D-Bus start programs outside the session for any client, and so does what they have
 * started themselves (gpg-agent runs a program of the user's choice).  The whole of it, since
 * /run/user/UID is the user's to write, where no path stays what it was; and what the host mounts
 * below it later must not show up.  A host without it is left without it.
 *
 * Has a /run/user/@uid of the user's own if the host has one.  In there is what is not a way out:
 *   - gnupg, empty, so that sshd can make the socket of a forwarded gpg-agent;
 *   - Kerberos caches, krb5cc* (ticket_caches.h).
 */
int runtime_dir_cover(uid_t uid, gid_t gid, struct error *error);

#endif
