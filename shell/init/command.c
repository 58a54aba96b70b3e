#include "command.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "job.h"
#include "shell/common/environment.h"
#include "shell/common/signals.h"

int command_init(struct command *command, char **argv, bool login, int stored, struct error *error)
{
	const char *slash = strrchr(argv[0], '/');
	int result = 0;

	*command = (struct command){
		.path = argv[0], .argv = argv, .environment = environ, .terminal = -1};
	if (stored >= 0) {
		result = environment_load(stored, &command->environment, error);
		command->loaded = !result;
		close(stored);
	}
	if (command->loaded) {
		result = environment_set_shell(command->environment, argv[0]);
		if (result < 0)
			error_errno(error, -result, "cannot start %s", argv[0]);
	}
	if (!login)
		return result;
	snprintf(command->login_name, sizeof command->login_name, "-%s",
		slash ? slash + 1 : argv[0]);
	argv[0] = command->login_name;
	return result;
}

void command_release(struct command *command)
{
	if (command->loaded)
		environment_release(command->environment);
	command->loaded = false;
	command->environment = NULL;
}

void command_save_signals(struct command *command)
{
	static const struct sigaction by_default = {.sa_handler = SIG_DFL};

	signals_set(SIGNALS_ALL, &command->mask);
	/* if it were ignored, PID 1 would not get the command's wait status */
	sigaction(SIGCHLD, &by_default, &command->on_child);
}

_Noreturn void command_exec(const struct command *command)
{
	sigaction(SIGCHLD, &command->on_child, NULL);
	signals_set(command->mask, NULL);
	execvpe(command->path, command->argv, command->environment);
	dprintf(STDERR_FILENO, INIT_NAME ": cannot run %s: %s\n", command->path, strerror(errno));
	_exit(errno == ENOENT || errno == ENOTDIR ? 127 : 126);
}

/*
 * Like vfork(2), but without sharing memory: returning twice from a function does not allow that.
 */
static pid_t clone_and_wait(int flags)
{
	struct clone_args args = {
		.flags = CLONE_VFORK | (uint64_t)(unsigned)flags,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

pid_t command_start(const struct command *command, int flags, struct error *error)
{
	/* when it returns the command owns the terminal, and no signal of ours reaches it */
	pid_t pid = flags ? clone_and_wait(flags) : vfork();

	if (pid < 0)
		return error_errno(error, errno, "cannot fork the session's first process");
	if (pid == 0) {
		if (command->terminal >= 0) {
			setpgid(0, 0);
			/* SIGTTOU is blocked: only so is this permitted in the background */
			tcsetpgrp(command->terminal, getpid());
		}
		command_exec(command);
	}
	return pid;
}

void command_signal(pid_t command, int signum)
{
	/*
	 * a stop from the terminal has stopped the whole process group, unless the command has its
	 * own
	 */
	if (signum == SIGCONT && kill(-command, SIGCONT) == 0)
		return;
	kill(command, signum);
}
