/*
 * ticket_caches.h - a user's Kerberos caches, from a directory of the host's that the session has
 * its own of.
 */
#ifndef NSISOLATE_TICKET_CACHES_H
#define NSISOLATE_TICKET_CACHES_H

#include <sys/types.h>

/*
 * Shows in the directory @own what in the host's directory @host has a name that begins with
 * @prefix, is
 * @uid's and no way out: a directory that holds only files of that user is the
 * host's; of a file it is a copy, for a mount would keep kinit(1) from replacing it.  Both are
 * descriptors.  Needs /proc as the host had it.  What cannot be had is left out, as a cache that
 * the user has not.
 */
void ticket_caches_keep(int host, int own, const char *prefix, uid_t uid, gid_t gid);

#endif
