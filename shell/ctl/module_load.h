/*
 * module_load.h - whether the modules that stacks name can be loaded, found out once for each, with
 * no right of root's: loading one runs code of it (pam-load).
 */
#ifndef NSISOLATE_CTL_MODULE_LOAD_H
#define NSISOLATE_CTL_MODULE_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/ctl/doctor/run_bounded.h"

/* Has it tried the next time, if it never was.  False when memory ran out. */
bool module_load_want(const char *path);

/*
 * Tries all that are wanted, as @user (NULL: the caller, who is not root).  Takes 1 ms for each,
 * and 10 s at most; what was not found out then stays unknown.
 */
void module_load_try(const struct run_user *user);

/*
 * Why the module cannot be loaded, in the dynamic linker's words; NULL: it can, or that is unknown.
 */
const char *module_load_fault(const char *path);

/* The path of the next one of which it is unknown, and @why; or NULL.  *@cursor starts as 0. */
const char *module_load_unknown(size_t *cursor, const char **why);

#endif
