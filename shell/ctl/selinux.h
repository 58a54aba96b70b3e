/* selinux.h - whether SELinux lets an application isolate its logins: the kernel's own answer. */
#ifndef NSISOLATE_CTL_SELINUX_H
#define NSISOLATE_CTL_SELINUX_H

#include "conf/common/error.h"

/* Loads the module of policy that grants it. */
#define SELINUX_LOAD "semodule -i " NSISOLATE_SELINUX

/*
 * Asks about @program, the file of a daemon that process 1 starts, such as sshd.  Returns 0 if
 * nothing is enforced here or the module may do in it what it needs to; -EACCES if @error names a
 * permission that the policy denies; another negative errno if the kernel cannot be asked.
 */
int selinux_ask(const char *program, struct error *error);

#endif
