/*
 * generated.h - files of PAM's that a program writes: what is put there by hand is lost with its
 * next run, or ends it.
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
 * What to do instead with such a file, for who asked to enable or disable it; authselect's
 * commands.
 */
void generated_advise(
	enum generator generator, const struct stack_file *file, bool enable, FILE *stream);

/*
 * Ticks both profiles of the package, or neither, and sees in the file @path whether that did it:
 * where such files have changes of somebody else's pam-auth-update does nothing, and calls that
 * success; then -EALREADY.  @changed: the file is another one than @before.  Nobody may have it
 * locked.
 */
int profiles_switch(const char *path, const struct stack_text *before, bool on, bool *changed,
	struct error *error);

/* The same command, for somebody to read. */
const char *profiles_command(bool on);

#endif
