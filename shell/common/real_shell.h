/*
 * real_shell.h - the shell behind nsisolate-shell, and the arguments that it gets.
 */
#ifndef NSISOLATE_REAL_SHELL_H
#define NSISOLATE_REAL_SHELL_H

#include <stdbool.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"
#include "conf/login/login.h"

#define REAL_SHELL_LAST "/bin/sh"

/*
 * The user's real shell: the rule's, else passwd's, else /bin/sh; never nsisolate-shell itself, by
 * whatever name (same file), which would start itself for ever.  A rule that names it is refused
 * (-ELOOP).  The result lives in @policy, @login or the program.
 */
int real_shell_find(const char **shell, const struct policy *policy, const struct login *login,
	struct error *error);

/* The path of --config=PATH, if that is the first argument, which is then removed; else NULL. */
const char *real_shell_take_config(int *argc, char ***argv);

/*
 * The real shell's argv, derived from nsisolate-shell's own: argv[0] is replaced (main's argv[0]
 * without dash, see real_shell_is_login), everything else is passed on unchanged.  Run by sshd's
 * ForceCommand without arguments, or with `-l`, it is `-c $SSH_ORIGINAL_COMMAND`.  Allocated,
 * NULL-terminated; the words are borrowed.  NULL when out of memory.
 */
char **real_shell_argv(const char *shell, int argc, char **argv, const char *original_command);

/* Whether the caller asked for a login shell as login(1) and sshd do: "-shell". */
bool real_shell_is_login(const char *argv0);

#endif
