/*
 * mounts.h - what a session's mount namespace shows: nothing that the host does not, and its own
 * /proc.
 *
 * Everything here is for a mount namespace that was made for the session: mounts_isolate comes
 * first and checks that.
 */
#ifndef NSISOLATE_MOUNTS_H
#define NSISOLATE_MOUNTS_H

#include "conf/common/error.h"
#include "shell/init/namespaces.h"

/*
 * Makes every mount a slave: what the host mounts later (such as an automounted home) still
 * arrives, what is mounted here never propagates out.  Refuses in the host's mount namespace. 
 * Works in a chroot too.
 */
int mounts_isolate(const struct namespaces_host *host, struct error *error);

/*
 * Makes every mount shared, in addition to being a slave, as the last step: programs that make a
 * mount namespace in the session, such as rootless podman, expect that of "/" and get what is
 * mounted in the session later.  The host is not a peer: still nothing propagates out.
 */
int mounts_share(struct error *error);

/* Covers /proc with that of this process's PID namespace: nosuid, nodev, noexec. */
int mounts_proc(struct error *error);

#endif
