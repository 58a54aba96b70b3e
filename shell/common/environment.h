/*
 * environment.h - the caller's environment on its way through our programs to the real shell.
 *
 * It may come from the very user whom the rules are for, and the loader, the C library and NSS obey
 * some of it.  So nsisolate-shell, which is static, puts it away into a sealed memfd before any
 * other program runs, and none has it for its own: nsisolate-login reads from it what it must know,
 * nsisolate-init gives it to the command.  Not as variables with another name: these would need
 * more room than execve(2) may have left.
 */
#ifndef NSISOLATE_ENVIRONMENT_H
#define NSISOLATE_ENVIRONMENT_H

#include "conf/common/error.h"

/* What nsisolate-login has instead: the memfd's number, and the path of nsisolate-shell. */
#define ENVIRONMENT_FD "NSISOLATE_ENVIRONMENT"
#define ENVIRONMENT_SELF "NSISOLATE_SELF"

/*
 * Stores @list.  Returns a descriptor above stdio, which stays open over exec, or a negative errno.
 * Subject to RLIMIT_FSIZE, which is reported; the signal for it is never sent.
 */
int environment_store(char *const *list, struct error *error);

/*
 * Loads what is stored in @fd, byte for byte; @fd can be closed afterwards.  -EINVAL when it does
 * not come from environment_store.  environment_release frees the list and its strings; it has room
 * for a SHELL.
 */
int environment_load(int fd, char ***list, struct error *error);
void environment_release(char **list);

/* Sets SHELL to this value, in place or at the end.  -ENAMETOOLONG: no path has that length. */
int environment_set_shell(char **list, const char *shell);

/* The value of the first variable of this name; NULL: there is none. */
const char *environment_get(char *const *list, const char *name);

#endif
