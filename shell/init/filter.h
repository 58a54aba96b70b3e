/* filter.h - restricts PID 1 to the system calls that it makes: seccomp(2). */
#ifndef NSISOLATE_FILTER_H
#define NSISOLATE_FILTER_H

#include "conf/common/error.h"

/*
 * From here on this process and its children can make only the calls of pid1_run, open files only
 * for reading, and map nothing executable.  Any other call fails with ENOSYS, as if the kernel did
 * not have it: killing the process would end the user's session when a C library tries a new call
 * first.  Cannot be undone; needs no_new_privs (drop.h).  0 or a negative errno.
 *
 * On architectures other than those in filter_architecture.h it does nothing: the compiler says so,
 * and doctor.
 */
int filter_install(struct error *error);

#endif
