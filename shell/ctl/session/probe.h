/* probe.h - whether a process is a session's PID 1, and what it reveals of the session. */
#ifndef NSISOLATE_CTL_PROBE_H
#define NSISOLATE_CTL_PROBE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "process.h"
#include "sessions.h"

/* What processes are compared with: ourselves and the installed nsisolate-init. */
struct session_judge {
	struct stat init; /* st_ino 0: none is installed */
	struct statfs file_system; /* where it is */
	char deleted[4096]; /* what /proc/PID/exe says after it has been replaced */
	ino_t pid_namespace, user_namespace, network; /* ours */
	uid_t uid;
	struct process_text text;
	struct session_names *names; /* of uids already looked up */
};

int session_judge_start(struct session_judge *judge, struct error *error);
void session_judge_free(struct session_judge *judge);

/*
 * Returns 1 and fills @session when the process @directory, in PID namespace @namespace, is a
 * session's PID 1; else 0.  Number and age are not filled in; processes and memory are those of PID
 * 1.
 */
int session_judge_init(
	struct session_judge *judge, int directory, ino_t namespace, struct session *session);

/*
 * The same for an ordinary user, to whom the kernel shows little of a PID 1, which is not dumpable.
 * Its namespace stays unknown.
 */
int session_judge_hidden(struct session_judge *judge, int directory, struct session *session);

/* The account's name, or the number where it has none; valid as long as @judge. */
const char *session_judge_user(struct session_judge *judge, uid_t uid);

#endif
