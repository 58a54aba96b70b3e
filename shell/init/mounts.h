/*
 * mounts.h - what a session's mount namespace shows: its own /proc, and its hostname in /etc/hosts.
 *
 * Everything here is for a mount namespace that was made for the session: mounts_isolate comes
 * first and makes sure of it.
 */
#ifndef NSISOLATE_MOUNTS_H
#define NSISOLATE_MOUNTS_H

#include <stdbool.h>

#include "error.h"
#include "namespaces.h"

/*
 * Makes every mount a slave: what the host mounts later (a home that is automounted) still arrives,
 * what is mounted here never leaves.  Refuses when this is the host's.  Works in a chroot too.
 */
int mounts_isolate(const struct namespaces_host *host, struct error *error);

/*
 * Covers /etc/hosts with the host's file, byte for byte, and one line more that resolves @hostname
 * (with @domainname, unless "").  Without it sudo says `unable to resolve host`, and what looks its
 * own name up waits for DNS.  A host without the file is left without it.  Needs /proc still as the
 * host had it: call it before mounts_proc, and say with @stays whether that follows.
 */
int mounts_hosts(const char *hostname, const char *domainname, bool stays, struct error *error);

/* Covers /proc with that of this process's PID namespace: nosuid, nodev, noexec. */
int mounts_proc(struct error *error);

#endif
