/*
 * hosts.h - the session's own /etc/hosts, which has its hostname, and /etc/resolv.conf.
 */
#ifndef NSISOLATE_HOSTS_H
#define NSISOLATE_HOSTS_H

#include <stdbool.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"
#include "hosts_file.h"

enum { HOSTS, HOSTS_RESOLVER, HOSTS_FILES };
struct hosts_files {
	struct hosts_file file[HOSTS_FILES];
	unsigned forwards; /* what the second one needs of pasta: network.h */
};

/*
 * Generates them, while the hostname is still the machine's and its files visible.
 *
 * /etc/hosts is the machine's, byte for byte, and one more line, for the hostname of a session of
 * @policy.  Without it sudo says `unable to resolve host`, and programs that look up their own name
 * wait for DNS.  If the policy has no domainname, it is an alias of the machine's canonical name,
 * so that programs that ask for that (`hostname -f`, a mail's sender) get a name that exists
 * elsewhere: the first one of the line for the machine, or the machine's own name when it has a
 * dot.
 *
 * Size 0 if the policy does not want it, if the host has no such file, and if the machine's name is
 * the session's and is in the file.  Also if the host's is not a regular file; @error says so then.
 *
 * /etc/resolv.conf: resolver.h.  hosts_free must be called whatever is returned.
 */
int hosts_make(const struct policy *policy, struct hosts_files *files, struct error *error);
void hosts_free(struct hosts_files *files);

/*
 * Covers the host's files with them, in a mount namespace that mounts_isolate (mounts.h) has been
 * called in.  Needs the host's /proc still in place: call it before the session's /proc is
 * mounted, and say by @stays whether that follows.
 */
int hosts_cover(const struct hosts_files *files, bool stays, struct error *error);

/*
 * In the mount namespace of a shared session, of which @shared is a pidfd or a descriptor: makes
 * sure that the files are @files, because the host's may have been written to since, or replaced,
 * which uncovers them.  There is never more than one cover of each.  Afterwards the working
 * directory is the root.  If this fails a file stays as it is, which is not essential: an error
 * only means that this process is no longer where it was.
 */
int hosts_renew(const struct hosts_files *files, int shared, struct error *error);

#endif
