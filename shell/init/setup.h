/*
 * setup.h - from "just cloned" to "a session": the steps that both modes share, in the only order
 * in which they work.
 */
#ifndef NSISOLATE_SETUP_H
#define NSISOLATE_SETUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"
#include "namespaces.h"
#include "shell/init/mounts/overmounts.h"

struct setup {
	struct policy policy;
	bool become; /* root becomes uid and gid permanently: PID 1 of a user's session */
	bool own_userns; /* in a user namespace of its own: no privilege is needed */
	uid_t uid; /* the user that the session is for */
	gid_t gid;
	struct namespaces_host host;
	struct overmounts_kept kept;
};

/*
 * Looks at what is to be mounted over, while owners can be told apart.  Call it before there is a
 * user namespace.
 */
int setup_prepare(struct setup *setup, struct error *error);

/*
 * In the first process of the new namespaces: sets names, network, mounts and /proc up, then gives
 * up root, or the capabilities of the user namespace.  *@pasta is a child that the session's
 * network needs (network.h); 0: none.  On error nothing that it did is visible outside.
 * Returns 0 with a text in @error if the session goes without something that is not essential,
 * which is worth a line in the log.
 */
int setup_session(const struct setup *setup, pid_t *pasta, struct error *error);

/* The CLONE_NEW* flags of those of its namespaces that come with its first process. */
int setup_flags(const struct setup *setup);

#endif
