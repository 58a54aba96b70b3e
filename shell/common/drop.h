/*
 * drop.h - privilege given up for good, when the last thing that needs it is done.
 */
#ifndef NSISOLATE_DROP_H
#define NSISOLATE_DROP_H

#include <sys/types.h>

#include "conf/common/error.h"

/*
 * From root to @uid and @gid: no other group, no capability, no way back.  The saved gid is not the
 * user's but nobody's, where the kernel knows that: then no process of the user may set limits
 * here, which prlimit(2) allows any process with the same ids, dumpable or not.
 */
int drop_to_user(uid_t uid, gid_t gid, struct error *error);

/* Gives up the capabilities that a new user namespace came with; the ids are the user's already. */
int drop_capabilities(struct error *error);

/*
 * Not dumpable: the user whose ids this process has can neither trace it nor read its memory and
 * descriptors (ptrace(2), "Ptrace access mode checking").  exec undoes it.
 */
int drop_dumpable(struct error *error);

/* no_new_privs, for a process that will start nothing any more: what it execs would inherit it. */
int drop_new_privileges(struct error *error);

#endif
