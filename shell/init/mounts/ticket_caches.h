/*
 * ticket_caches.h - a user's Kerberos caches, from a directory of the host of which the session has
 * its own.
 */
#ifndef NSISOLATE_TICKET_CACHES_H
#define NSISOLATE_TICKET_CACHES_H

#include <sys/types.h>

/*
 * Shows in the directory @own those entries of the host's directory @host whose names begin with
 * @prefix, that are @uid's and not a way out: a directory that holds only files of that user is
 * the host's; a file is a copy, because kinit(1) could not replace a mount.  Both are descriptors.
 * Needs the host's /proc.  What fails is left out, as if the user did not have that cache.
 */
void ticket_caches_keep(int host, int own, const char *prefix, uid_t uid, gid_t gid);

#endif
