/* spawn.h - starts nsisolate-init for a session, and receives its answer. */
#ifndef NSISOLATE_SPAWN_H
#define NSISOLATE_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"
#include "conf/login/login.h"

struct spawned {
	pid_t pid; /* PID 1 of the session, as numbered on the host */
	int pidfd; /* of that process; close-on-exec */
	int line; /* to it: closing it ends this login; close-on-exec */
	unsigned number; /* of its hostname: struct policy */
	char note[256]; /* what the session goes without, for the log; "": nothing */
	bool stays; /* a new shared session, which ends where systemd ends this login's unit */
	bool joined; /* the session existed before: join its mount namespace too */
};

/*
 * Starts nsisolate-init and waits until the session's namespaces can be joined, for at most
 * SPAWN_TIMEOUT_MS; or SPAWN_SHARED_MS with `scope = user`, where it waits for others, or
 * `network = user`, since hundreds of pastas that start at one instant take seconds.  They are new
 * ones or, with scope = user, those of the user's other logins.  @mount is the inode of the mount
 * namespace that it must not touch.  On error @error holds its message or ours, and no process of
 * this login is left.  The calling process must hold its SIGCHLD (caller_signals_hold).
 */
#define SPAWN_TIMEOUT_MS 5000
#define SPAWN_SHARED_MS 10000
int spawn_init(struct spawned *spawned, const struct policy *policy, const struct login *login,
	ino_t mount, struct error *error);

/*
 * Tells PID 1 that the session is closed, on behalf of every process that has the socket: sshd's
 * unprivileged child inherited it.
 */
void spawn_hang_up(const struct spawned *spawned);

/* pidfd_send_signal(2): reaches only that process, even when its pid has been reused. */
int spawn_signal(const struct spawned *spawned, int signum);

void spawn_close(struct spawned *spawned);

#endif
