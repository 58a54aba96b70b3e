/* drop.h - giving up privileges permanently, after the last use of them. */
#ifndef NSISOLATE_DROP_H
#define NSISOLATE_DROP_H

#include <stddef.h>
#include <sys/types.h>

#include "conf/common/error.h"

/*
 * From root to @uid and @gid: no other group, no capability, no way back.  The saved gid is nogroup
 * instead of the user's, where the kernel knows it: then no process of the user can set limits
 * here, which prlimit(2) otherwise permits between processes with the same ids, dumpable or not.
 */
int drop_to_user(uid_t uid, gid_t gid, struct error *error);

/* The same with these @count supplementary groups. */
int drop_to_member(uid_t uid, gid_t gid, const gid_t *groups, size_t count, struct error *error);

/* Gives up the capabilities in a new user namespace; the ids are the user's already. */
int drop_capabilities(struct error *error);

/*
 * Not dumpable: the user whose ids this process has can neither trace it nor read its memory and
 * descriptors (ptrace(2), "Ptrace access mode checking").  exec undoes it.
 */
int drop_dumpable(struct error *error);

/*
 * no_new_privs, for a process that will not exec any more: programs that it starts would inherit
 * it.
 */
int drop_new_privileges(struct error *error);

#endif
