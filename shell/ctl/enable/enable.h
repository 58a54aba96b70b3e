/*
 * enable.h - what `nsisolatectl enable SERVICE` would do.
 */
#ifndef NSISOLATE_CTL_ENABLE_H
#define NSISOLATE_CTL_ENABLE_H

#include "conf/common/error.h"
#include "shell/ctl/pam_stack.h"

/*
 * Does all that the command does before it writes; @stacks: all that there are, as they are now.
 * Returns 0 with libpam's verdict on @service then in @after, which the caller frees; or a negative
 * errno with @error filled: it would refuse, or a program writes that file.
 */
int enable_try(const char *service, const struct stacks *stacks, struct pam_verdict *after,
	struct error *error);

#endif
