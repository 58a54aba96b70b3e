/*
 * closed_paths.h - the paths that a rule closes in a session: `inaccessible` and `read_only`.
 *
 * What is mounted there is root's doing, in the mounts of sshd and login, too.  So it may not lie
 * where they write later, nor where a user could lead a path elsewhere (CVE-2025-6020).
 */
#ifndef NSISOLATE_CLOSED_PATHS_H
#define NSISOLATE_CLOSED_PATHS_H

#include <stdbool.h>
#include <sys/syscall.h>

#include "error.h"
#include "policy.h"

/* How many of them one list can have. */
#define CLOSED_PATHS_MAX 48

/*
 * Walks over @list, "PATH,PATH": the next one is copied to @path of POLICY_PATHS_MAX + 1 bytes.
 * False at the end.
 */
bool closed_paths_next(const char **list, char *path);

/*
 * The place at, below or above @path that the application and PAM's modules use after the session
 * has begun, so that @path cannot be closed; NULL: there is none.
 */
const char *closed_path_conflict(const char *path);

/* Why, for printf(3) with that place. */
#define CLOSED_PATH_CONFLICT \
	"sshd, login or PAM modules need %s after the session has begun, and see its mounts"

/*
 * Follows @path to its end.  Every directory on the way, and of every link, must be root's (the
 * owner of "/") and writable by nobody else; then what open(2) finds there afterwards is root's
 * choice.  Also there must be no closed_path_conflict at the end.
 *
 * Returns 0; -ENOENT when there is nothing, -EACCES when the caller may not look; or another
 * negative errno.  @error is filled.
 */
int closed_path_check(const char *path, struct error *error);

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
/* Whether the kernel has what `read_only` needs, and what to say if not. */
bool closed_paths_have_read_only(void);
#define CLOSED_PATHS_READ_ONLY "read_only needs Linux 5.12 or newer"

#endif
