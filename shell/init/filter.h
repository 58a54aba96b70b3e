/*
 * filter.h - the system calls that PID 1 makes, and no other: seccomp(2).
 */
#ifndef NSISOLATE_FILTER_H
#define NSISOLATE_FILTER_H

#include "conf/common/error.h"

/*
 * From here on this process and its children can make the calls of pid1_run only; opens files to
 * read only; maps nothing that can be executed.  Any other call fails with ENOSYS, as if the kernel
 * had never known it: to be killed for it would end the user's session where a C library tries a
 * new call first.  Cannot be undone; needs no_new_privs (drop.h).  0 or a negative errno.
 *
 * Where the architecture is none of those in filter.c it does nothing, and the compiler says so.
 */
int filter_install(struct error *error);

#endif
