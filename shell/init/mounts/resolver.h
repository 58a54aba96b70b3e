/*
 * resolver.h - the session's own /etc/resolv.conf, for `network = user`.
 */
#ifndef NSISOLATE_RESOLVER_H
#define NSISOLATE_RESOLVER_H

#include "hosts.h"

/*
 * Generates it: the host's, where a resolver that listens on the machine's loopback, such as
 * systemd-resolved, has the address that pasta forwards to it (network.h).  As pasta does that only
 * for the first one of IPv4 and of IPv6, others on loopback are left out.  Size 0 where there is
 * none on loopback.
 */
int resolver_make(struct hosts_file *file, struct error *error);

/*
 * Reads the host's file @path into new memory, behind @before bytes of room for it and with @after
 * behind it: *@length of them.  1; 0 if there is none, or none that can be copied, and @error says
 * so; or a negative errno.
 */
int hosts_read(const char *path, size_t before, size_t after, struct hosts_file *file,
	size_t *length, struct error *error);

#endif
