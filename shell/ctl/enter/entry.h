/*
 * entry.h - a process put into a session that lives, as nsisolatectl enter does.
 *
 * Of the caller it has nothing but what is written here: no descriptor but the three that it is
 * given, no terminal but one made for it, no variable, no signal, no working directory, no keyring.
 * The session may be hostile; its user cannot trace or read what enters it before that has become
 * the user's own program.
 */
#ifndef NSISOLATE_CTL_ENTRY_H
#define NSISOLATE_CTL_ENTRY_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "conf/login/login.h"
#include "shell/ctl/session/sessions.h"

/* Exit status where it is not the command's own, as env(1) and others have it. */
enum entry_status { ENTRY_FAILED = 125, ENTRY_NOT_RUN = 126, ENTRY_NOT_FOUND = 127 };

struct entry {
	const struct login *login; /* whom it will run as; NULL: uid and gid have no account */
	uid_t uid;
	gid_t gid;
	const char *shell;
	char **command; /* NULL: the shell, as a login shell */
	int pidfd; /* of the session's PID 1; -1: use the directory */
	int directory; /* of /proc, of a process whose namespaces are to be joined */
	int user_namespace; /* one to be joined first, as that user; -1: none */
	int kinds; /* CLONE_NEW* flags of the others */
};

/*
 * Finds the process whose namespaces are the session's, and which they are.  @entry gets pidfd,
 * directory, user_namespace and kinds; to be given to entry_close.  Returns 0 or a negative errno
 * with @error filled.
 */
int entry_find(struct entry *entry, const struct session *session, struct error *error);

void entry_close(struct entry *entry);

/*
 * Forks the process into the session, a child of ours.  @stdio are its first three descriptors;
 * @tty is the one among them that becomes its terminal, -1: it has none.  When this returns 0 with
 * *@pid it runs the command.  Else a negative errno with @error filled and *@status what to exit
 * with.
 */
int entry_start(const struct entry *entry, const int stdio[3], int tty, pid_t *pid,
	enum entry_status *status, struct error *error);

#endif
