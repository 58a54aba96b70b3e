/*
 * supervisor.h - the process that the caller of a foreground session sees: it passes signals in,
 * and the command's exit status out.
 *
 * It stays outside.  The command is a child of PID 1, which reports what becomes of it; or, where
 * the user's logins share a PID 1, a child of this process.
 */
#ifndef NSISOLATE_SUPERVISOR_H
#define NSISOLATE_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "shell/common/log.h"

struct supervisor {
	int line; /* socket to PID 1: struct pid1_message both ways, or only to be closed */
	pid_t command; /* our child; 0: it is PID 1's */
	int signals; /* signalfd */
	int terminal; /* whose foreground the command's process group is; -1: none */
	bool in_foreground;
	struct log log; /* started when the command has started */
};

/* Finds the terminal. */
void supervisor_init(struct supervisor *outer);

/*
 * Called when the command has begun: from now on every signal (blocked before) is handled, and
 * every descriptor but @outer's is closed, so that what the command closes is really closed.
 */
int supervisor_listen(struct supervisor *outer, struct error *error);

/* Ends as the command did. */
_Noreturn void supervisor_run(struct supervisor *outer);

/* Ends as a command with this wait status would, after giving back the terminal. */
_Noreturn void supervisor_end(struct supervisor *outer, int status);

#endif
