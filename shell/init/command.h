/*
 * command.h - the user's command: started with exactly the signals, terminal and arguments that it
 * would have had without us.
 */
#ifndef NSISOLATE_COMMAND_H
#define NSISOLATE_COMMAND_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/common/error.h"

struct command {
	const char *path; /* found by PATH when it has no slash */
	char **argv, **environment;
	bool loaded; /* the environment is to be given back */
	char login_name[NAME_MAX + 2]; /* a login shell's argv[0]: "-" and the base name */
	int terminal; /* becomes the foreground process group there; -1: stays in ours */
	uint64_t mask; /* as the caller had them: command_save_signals */
	struct sigaction on_child;
};

/*
 * @argv is borrowed; a @login shell gets its argv[0] in there changed.  @stored: a descriptor with
 * the command's environment, in which it is the SHELL (shell/common/environment.h); -1: it gets
 * ours.  Returns 0 or a negative errno, with @error.
 */
int command_init(struct command *command, char **argv, bool login, int stored, struct error *error);

/* What it has of memory that whoever only waits for the command does not need. */
void command_release(struct command *command);

/* Remembers the caller's signals for the command, then blocks all and takes SIGCHLD back. */
void command_save_signals(struct command *command);

/*
 * Forks it; returns its pid when it is running, its failure to start being its own exit status.
 * @flags: 0, or CLONE_PARENT for a child of the caller's parent.
 */
pid_t command_start(const struct command *command, int flags, struct error *error);

/* The caller got @signum, and passes it on. */
void command_signal(pid_t command, int signum);

/* Becomes it; when there is nothing to run: a message, status 127 (not found) or 126. */
_Noreturn void command_exec(const struct command *command);

#endif
