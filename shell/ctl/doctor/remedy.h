/*
 * remedy.h - what a remedy may touch: the configuration, sshd's, PAM's, and what is installed
 * with nsisolate.  Followed word for word it must not change anything else of the machine, such as
 * what a link leads to.
 */
#ifndef NSISOLATE_CTL_REMEDY_H
#define NSISOLATE_CTL_REMEDY_H

#include <stdbool.h>

struct doctor;

/* Whether a command may name this path, which is absolute and has no link in it. */
bool remedy_may_name(const struct doctor *doctor, const char *path);

/*
 * Whether all absolute paths that are words of the command line @remedy, or begin where it
 * redirects to, may be named; what follows a # is not a command.
 */
bool remedy_is_ours(const struct doctor *doctor, const char *remedy);

#endif
