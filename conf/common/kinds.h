/*
 * kinds.h - the kinds of namespace that a session can get: one row per kind, used by the
 * configuration, the engine, the PAM module and the tests alike.
 */
#ifndef NSISOLATE_KINDS_H
#define NSISOLATE_KINDS_H

#include <stddef.h>
#include <sys/types.h>

#include "error.h"

struct kind {
	const char *name; /* in nsisolate.conf; with "--" before it, nsisolate-init's option */
	const char *file; /* below /proc/PID/ns */
	const char *limit; /* the sysctl that bounds how many there may be */
	int flag; /* CLONE_NEW*, see namespaces(7) */
	int brings; /* CLONE_NEW* flags of the kinds that it cannot do without, or 0 */
};

/* every kind, in the order in which they are shown */
extern const struct kind kinds[];
extern const size_t kinds_count;
#define KINDS_MAX 8 /* room for a number or a name of each */

/* the user namespace: a rule cannot name it, but the way in without root depends on it */
extern const struct kind kind_user;

/* The row of this name or flag; NULL when there is none. */
const struct kind *kind_by_name(const char *name);
const struct kind *kind_by_flag(int flag);

/*
 * @flags and the kinds that they bring: pid brings mount, for a /proc of its own; ipc brings it for
 * /dev/mqueue and cgroup for /sys/fs/cgroup.
 */
int kinds_complete(int flags);

/*
 * The inode of /proc/self/ns/@file, which names a namespace as long as somebody holds it
 * (namespaces(7)); 0 with @error filled when it cannot be read.
 */
ino_t namespace_inode(const char *file, struct error *error);

/*
 * The kernel refused a new namespace of this kind with @errnum: describes that in @error, with the
 * cause and the remedy, and whether it was lacking (error.h).  Returns -errnum.
 */
int kind_refused(const struct kind *kind, int errnum, struct error *error);

#endif
