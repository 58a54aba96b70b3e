/*
 * remedy.h - what a remedy may touch: nsisolate's, sshd's and PAM's configuration, and what is
 * installed with nsisolate.  Followed literally it must not change anything else of the machine,
 * such as the target of a link.
 */
#ifndef NSISOLATE_CTL_REMEDY_H
#define NSISOLATE_CTL_REMEDY_H

#include <stdbool.h>

struct doctor;

/* Whether a command may name this path, which is absolute and without links. */
bool remedy_may_name(const struct doctor *doctor, const char *path);

/*
 * Whether the command line @remedy may name all the absolute paths that occur as words, or after a
 * redirection; what follows a # is not a command.
 */
bool remedy_is_ours(const struct doctor *doctor, const char *remedy);

#endif
