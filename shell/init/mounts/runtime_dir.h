/*
 * runtime_dir.h - the session's own /run/user.
 *
 * For a mount namespace that mounts_isolate (mounts.h) has been called in, with the host's /proc
 * still in place.
 */
#ifndef NSISOLATE_RUNTIME_DIR_H
#define NSISOLATE_RUNTIME_DIR_H

#include <sys/types.h>

#include "conf/common/error.h"

/*
 * Covers /run/user, so that nothing that listens there for the user can be reached: the user's
 * systemd and D-Bus start programs outside the session for any client, and so do programs that they
 * have started (gpg-agent runs a program of the user's choice).  All of it, because the user owns
 * /run/user/UID, where no path can be relied on (CVE-2025-6020 in pam_namespace), and because later
 * mounts of the host below it must not show up.  If the host has none, there is none.
 *
 * Makes a /run/user/@uid owned by the user if the host has one, with what is not a way out:
 *   - gnupg, empty, so that sshd can make the socket of a forwarded gpg-agent;
 *   - Kerberos caches, krb5cc* (ticket_caches.h).
 */
int runtime_dir_cover(uid_t uid, gid_t gid, struct error *error);

#endif
