/*
 * hosts.h - the session's hostname in its /etc/hosts.
 *
 * For a mount namespace that mounts_isolate (mounts.h) has been called in.
 */
#ifndef NSISOLATE_HOSTS_H
#define NSISOLATE_HOSTS_H

#include <stdbool.h>

#include "error.h"

struct hosts_names {
	const char *host; /* the machine's own, as uname(2) has it */
	const char *session;
	const char *domain; /* the session's domainname; "": none of its own */
	bool local; /* the machine's addresses are not the session's */
};

/*
 * Covers /etc/hosts with the host's file, byte for byte, and one line more that resolves the session's
 * name.  Without it sudo says `unable to resolve host`, and what looks its own name up waits for DNS.
 * Where there is no domain, it is an alias of the machine's canonical name, so that what asks for that
 * (`hostname -f`, a mail's sender) is told a name that exists elsewhere: the first one of the line that
 * names the machine, or the machine's own name when it has a dot.
 *
 * Where the host's is no regular file of at most 16 MiB, returns 0 with words in @error, for the log.
 * A host without the file is left without it, and one whose own name is the session's, and in the file,
 * with it.  Needs /proc still as the host had it: call it before mounts_proc, and say with @stays
 * whether that follows.
 */
int hosts_cover(const struct hosts_names *names, bool stays, struct error *error);

#endif
