/*
 * hosts.h - the session's hostname in its /etc/hosts.
 */
#ifndef NSISOLATE_HOSTS_H
#define NSISOLATE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"

/* What the session's file is to be.  Of no size: nothing else than the host's. */
struct hosts_file {
	char *bytes;
	size_t size;
	size_t room;
};

/*
 * Makes it, while the hostname is still that of the machine and its file is to be seen: that file,
 * byte for byte, and one line more that resolves the name of a session of @policy.  Without it sudo
 * says `unable to resolve host`, and what looks its own name up waits for DNS.  Where the policy
 * has no domainname, it is an alias of the machine's canonical name, so that what asks for that
 * (`hostname -f`, a mail's sender) is told a name that exists elsewhere: the first one of the line
 * that names the machine, or the machine's own name when it has a dot.
 *
 * Of no size where the policy has no use for it, where the host has no file, and where the
 * machine's name is the session's and in the file.  Where the host's is not a regular file, too;
 * @error says so then.  To be given to hosts_free, whatever is returned.
 */
int hosts_make(const struct policy *policy, struct hosts_file *hosts, struct error *error);
void hosts_free(struct hosts_file *hosts);

/*
 * Covers /etc/hosts with it, in a mount namespace that mounts_isolate (mounts.h) has been called
 * in.  Needs /proc still as the host had it: call it before mounts_proc, and say with @stays
 * whether that follows.
 */
int hosts_cover(const struct hosts_file *hosts, bool stays, struct error *error);

/*
 * In the mount namespace of a set that others log in to, which @set is a pidfd or a descriptor of:
 * sees that /etc/hosts is @hosts, for the host's file may have been written to since, or replaced,
 * which uncovers it.  There is never more than one cover.  The working directory is the root then.
 * Where it cannot be done the file stays as it is, a comfort and no wall: an error is only that
 * this process is no more where it was.
 */
int hosts_renew(const struct hosts_file *hosts, int set, struct error *error);

#endif
