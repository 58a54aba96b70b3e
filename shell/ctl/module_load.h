/*
 * module_load.h - whether the modules named in stacks can be loaded.  Each is tried once, without
 * root's rights, because loading a module runs its code (pam-load).
 */
#ifndef NSISOLATE_CTL_MODULE_LOAD_H
#define NSISOLATE_CTL_MODULE_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/ctl/doctor/run_bounded.h"

/* Marks it to be tried by module_load_try, unless it was already.  False when out of memory. */
bool module_load_want(const char *path);

/*
 * Tries all that are marked, as @user (NULL: as the caller, who is not root).  Takes 1 ms for each,
 * and at most 10 s; what is not known by then stays unknown.
 */
void module_load_try(const struct run_user *user);

/*
 * Why the module cannot be loaded, in the dynamic linker's words; NULL: it can, or that is unknown.
 */
const char *module_load_fault(const char *path);

/* The path of the next module where it is unknown, and *@why; or NULL.  *@cursor starts as 0. */
const char *module_load_unknown(size_t *cursor, const char **why);

#endif
