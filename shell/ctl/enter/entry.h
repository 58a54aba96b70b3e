/*
 * entry.h - a process put into a running session, as nsisolatectl enter does.
 *
 * Of the caller it gets only what is written here: the three descriptors that it is given, a
 * terminal made for it, and no variables, signals, working directory or keyring.  The session may
 * be hostile: its user cannot trace or read what enters it before that has become the user's own
 * program.
 */
#ifndef NSISOLATE_CTL_ENTRY_H
#define NSISOLATE_CTL_ENTRY_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "conf/login/login.h"
#include "shell/ctl/session/sessions.h"

/* Exit status where it is not the command's own, as for env(1). */
enum entry_status { ENTRY_FAILED = 125, ENTRY_NOT_RUN = 126, ENTRY_NOT_FOUND = 127 };

struct entry {
	/* the user that it will run as; NULL: uid and gid have no account */
	const struct login *login;
	uid_t uid;
	gid_t gid;
	const char *shell;
	char **command; /* NULL: the shell, as a login shell */
	int pidfd; /* of the session's PID 1; -1: use the directory */
	int directory; /* of /proc, of a process whose namespaces are to be joined */
	int user_namespace; /* to be joined first, as that user; -1: none */
	int kinds; /* CLONE_NEW* flags of the others */
};

/*
 * Finds the process whose namespaces are the session's, and which namespaces those are.  @entry
 * gets pidfd, directory, user_namespace and kinds, which entry_close releases.  Returns 0 or a
 * negative errno with @error filled.
 */
int entry_find(struct entry *entry, const struct session *session, struct error *error);

void entry_close(struct entry *entry);

/*
 * Forks the process into the session, as a child of ours.  @stdio are its first three descriptors;
 * @tty is the one of them that becomes its terminal, -1: it has none.  What @signals
 * (signalfd(2)) has before the command runs goes to the process.  Returns 0 when *@pid runs the
 * command; else a negative errno with @error filled and the exit status to use in *@status.
 */
int entry_start(const struct entry *entry, const int stdio[3], int tty, int signals, pid_t *pid,
	enum entry_status *status, struct error *error);

#endif
