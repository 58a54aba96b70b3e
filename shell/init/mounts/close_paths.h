/*
 * close_paths.h - what a rule closes in a session: `inaccessible` and `read_only`, which mean what
 * InaccessiblePaths= and ReadOnlyPaths= do in systemd.exec(5).
 */
#ifndef NSISOLATE_CLOSE_PATHS_H
#define NSISOLATE_CLOSE_PATHS_H

#include <stdbool.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"

/*
 * Whether nobody but root decides where these paths lead (closed_path_check).  Call it before there
 * is a user namespace, where all other users look like root.  @own_userns: what this user cannot
 * look at, the session cannot either.
 */
int close_paths_check(const struct policy *policy, bool own_userns, struct error *error);

/*
 * In a mount namespace that mounts_isolate (mounts.h) has been called in, after all other mounts:
 * closes them.  What is not there is left out.  A directory that is inaccessible is an empty one
 * that nobody may enter, and anything else a device that nobody may open.  What the host mounts
 * below a read-only path later does not arrive there: it would be writable.
 */
int close_paths(const struct policy *policy, bool own_userns, struct error *error);

#endif
