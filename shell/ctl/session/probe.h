/*
 * probe.h - whether a process is a session's PID 1, and what it tells of the session.
 */
#ifndef NSISOLATE_CTL_PROBE_H
#define NSISOLATE_CTL_PROBE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "process.h"
#include "sessions.h"

/* What processes are compared with: ourselves and the nsisolate-init that is installed. */
struct session_judge {
	struct stat init; /* st_ino 0: none is installed */
	struct statfs file_system; /* where it is */
	char deleted[4096]; /* what /proc/PID/exe says once it has been replaced */
	ino_t pid_namespace, user_namespace; /* ours */
	uid_t uid;
	struct process_text text;
	struct session_names *names; /* of uids that were asked for */
};

int session_judge_start(struct session_judge *judge, struct error *error);
void session_judge_free(struct session_judge *judge);

/*
 * Fills @session when the process @directory, of PID namespace @namespace, is the PID 1 of one:
 * all but number and age; processes and memory are those of PID 1.  Returns 1 or 0.
 */
int session_judge_init(
	struct session_judge *judge, int directory, ino_t namespace, struct session *session);

/*
 * The same for an ordinary user, to whom the kernel shows little of a PID 1, which is not dumpable.
 * Its namespace stays unknown.
 */
int session_judge_hidden(struct session_judge *judge, int directory, struct session *session);

/* The account's name, or the number where it has none; lives as long as @judge. */
const char *session_judge_user(struct session_judge *judge, uid_t uid);

#endif
