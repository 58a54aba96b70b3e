/*
 * resolver.h - the session's own /etc/resolv.conf, for `network = user`.
 */
#ifndef NSISOLATE_RESOLVER_H
#define NSISOLATE_RESOLVER_H

#include "hosts_file.h"

/*
 * Generates it: the host's, where a resolver that listens on the machine's loopback, such as
 * systemd-resolved, has the address that pasta forwards to it (network.h).  As pasta does that only
 * for the first one of IPv4 and of IPv6, others on loopback are left out.  Size 0 where there is
 * none on loopback.  *@forwards: which of these addresses it has (network.h).
 */
int resolver_make(struct hosts_file *file, unsigned *forwards, struct error *error);

#endif
