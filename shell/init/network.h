/*
 * network.h - a network of the user's, with a way out (`network = user`).
 *
 * The way out is pasta(1), a process of the user's that copies between a device in the session and
 * sockets outside.  It has no privilege, so the network namespace has to belong to a user namespace
 * of the user's: this is made for that alone, and the session joins only the network namespace.
 *
 *	PID 1		of the session, with the host's network at first
 *	holder		its temporary child: makes both namespaces; pasta finds them by it
 *	pasta		its child: outside, but in the session's PID namespace and cgroup; it has
 *			mounts of its own
 *
 * So the kernel ends pasta together with PID 1.
 */
#ifndef NSISOLATE_NETWORK_H
#define NSISOLATE_NETWORK_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"

/* What pasta forwards to the machine's own resolver: addresses that nothing else has. */
#define NETWORK_DNS4 "169.254.2.3"
#define NETWORK_DNS6 "fd6e:7369:736f::3"
enum { NETWORK_FORWARD4 = 1, NETWORK_FORWARD6 = 2 };

struct network {
	uid_t uid;
	gid_t gid;
	bool become; /* we are root, and become these later */
	unsigned forwards; /* NETWORK_FORWARD4, NETWORK_FORWARD6: which of the two are needed */
};

/*
 * Moves this process, PID 1 of a session, into such a network namespace, after pasta has connected
 * it.  Needs the host's /proc and /etc/resolv.conf still in place.  *@pasta is its pid.  Not waited
 * for longer than a login waits.
 */
int network_open(const struct network *network, pid_t *pasta, struct error *error);

#endif
