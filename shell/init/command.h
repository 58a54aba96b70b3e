/*
 * command.h - the user's command: started with exactly the signals, terminal and arguments that it
 * would have without us.
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
	const char *path; /* searched in PATH when it has no slash */
	char **argv, **environment;
	bool loaded; /* the environment is to be released */
	char login_name[NAME_MAX + 2]; /* a login shell's argv[0]: "-" and the base name */
	int terminal; /* becomes the foreground process group there; -1: stays in ours */
	uint64_t mask; /* as the caller had them: command_save_signals */
	struct sigaction on_child;
};

/*
 * @argv is borrowed; for a @login shell argv[0] in it is changed.  @stored: a descriptor with the
 * command's environment, in which it is the SHELL (shell/common/environment.h); -1: it gets ours.
 * Returns 0 or a negative errno, with @error.
 */
int command_init(struct command *command, char **argv, bool login, int stored, struct error *error);

/* Releases memory that a process that only waits for the command does not need. */
void command_release(struct command *command);

/* Saves the caller's signals for the command, then blocks all and sets SIGCHLD to its default. */
void command_save_signals(struct command *command);

/*
 * Forks it; returns its pid when it is running; a failure to start becomes its own exit status.
 * @flags: 0, or CLONE_PARENT for a child of the caller's parent.
 */
pid_t command_start(const struct command *command, int flags, struct error *error);

/* Passes on @signum, which the caller received. */
void command_signal(pid_t command, int signum);

/* Becomes the command; if it cannot be run: a message and status 127 (not found) or 126. */
_Noreturn void command_exec(const struct command *command);

#endif
