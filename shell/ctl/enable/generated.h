/*
 * generated.h - PAM files that a program writes: what is added by hand is lost at its next run, or
 * ends that program's control of the file.
 */
#ifndef NSISOLATE_CTL_GENERATED_H
#define NSISOLATE_CTL_GENERATED_H

#include <stdbool.h>
#include <stdio.h>

#include "conf/common/error.h"
#include "stack_file.h"

enum generator {
	GENERATOR_NONE, /* people write it */
	GENERATOR_PROFILES, /* pam-auth-update */
	GENERATOR_AUTHSELECT,
	GENERATOR_OTHER /* pam-config, authconfig */
};

enum generator generator_of(const struct stack_file *file);

/*
 * Advises on what to do instead with such a file, for enabling or disabling; prints authselect's
 * commands.
 */
void generated_advise(
	enum generator generator, const struct stack_file *file, bool enable, FILE *stream);

/*
 * Switches both of the package's profiles on or off, and checks in the file @path that this worked:
 * where such files have local changes pam-auth-update does nothing and reports success; then this
 * returns -EALREADY.  @changed: the file differs from @before.  Nobody may hold a lock on it.
 */
int profiles_switch(const char *path, const struct stack_text *before, bool on, bool *changed,
	struct error *error);

/* The same command, to be shown. */
const char *profiles_command(bool on);

#endif
