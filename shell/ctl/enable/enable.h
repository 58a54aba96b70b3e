/*
 * enable.h - what `nsisolatectl enable SERVICE` would do.
 */
#ifndef NSISOLATE_CTL_ENABLE_H
#define NSISOLATE_CTL_ENABLE_H

#include "conf/common/error.h"
#include "shell/ctl/pam_verdict.h"

/*
 * Goes as far as that command does before it writes.  Returns 0 with what libpam makes of @service
 * then in @after, which is to be freed; or a negative errno with @error filled: it would refuse, or
 * a program writes that file.
 */
int enable_try(const char *service, struct pam_verdict *after, struct error *error);

#endif
