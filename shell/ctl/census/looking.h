/*
 * looking.h - looks by every channel as a user, in a process that has first given up everything
 * that the user does not have.
 */
#ifndef NSISOLATE_CTL_LOOKING_H
#define NSISOLATE_CTL_LOOKING_H

#include "census.h"

/*
 * Looks from where this process is, or, with look->policy, from inside of a new session that the
 * module's own code opens for look->login, in a child, and that is over on return.  @findings has
 * room for channels_count(), in memory that is shared with children; look->finding is not used.
 * Nothing goes on when this process is killed.  Returns 0, or a negative errno with @error filled.
 */
int look_outside(const struct look *look, struct finding *findings, struct error *error);
int look_inside(const struct look *look, struct finding *findings, struct error *error);

#endif
