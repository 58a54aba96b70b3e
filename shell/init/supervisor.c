#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "pid1.h"
#include "shell/common/descriptors.h"
#include "shell/common/end_as.h"
#include "shell/common/signals.h"

static void send_signal(struct supervisor *outer, int signum)
{
	struct pid1_message message = {.what = PID1_SIGNAL, .value = signum};

	if (outer->command)
		command_signal(outer->command, signum);
	else /* where PID 1 is gone, the next poll() says so */
		send(outer->line, &message, sizeof message, MSG_NOSIGNAL);
}

/* A new descriptor of the terminal if we are in its foreground; -1: none. */
static int foreground_terminal(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (tcgetpgrp(fd) == getpgrp())
			return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return -1;
}

/* The caller's shell has put us into the foreground again: pass that on to @group. */
static void pass_terminal_on(struct supervisor *outer, pid_t group)
{
	if (outer->terminal < 0)
		return;
	outer->in_foreground = tcgetpgrp(outer->terminal) == getpgrp();
	if (outer->in_foreground && group > 0)
		tcsetpgrp(outer->terminal, group);
}

/*
 * The command was stopped.  Stop as well, by the same signal, so that the caller's shell gets its
 * prompt back; if nobody could ever continue us (an orphaned process group, as under sshd) the
 * kernel drops the signal, and the command is continued at once, as if it had been dropped there.
 *
 * The kernel would not drop SIGSTOP, and a process stopped by that may be continued from inside the
 * session, where nobody can continue us: so SIGTSTP replaces it, and if that is dropped the command
 * stays stopped.
 */
static void stop_too(struct supervisor *outer, int signum)
{
	const bool by_stop = signum == SIGSTOP;
	pid_t group = outer->terminal < 0 ? -1 : tcgetpgrp(outer->terminal);
	sigset_t stop, pending;

	if (by_stop) {
		signum = SIGTSTP;
		signal(signum, SIG_DFL);
	}
	sigemptyset(&stop);
	sigaddset(&stop, signum);
	raise(signum);
	sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here we stop, and come back by SIGCONT */
	sigprocmask(SIG_BLOCK, &stop, NULL);
	/* that is then pending, since it is blocked */
	if (by_stop && sigpending(&pending) == 0 && !sigismember(&pending, SIGCONT))
		return;
	pass_terminal_on(outer, group);
	send_signal(outer, SIGCONT);
}

_Noreturn void supervisor_end(struct supervisor *outer, int status)
{
	/* or the caller's shell would be in the background: bubblewrap's issue 744 */
	if (outer->in_foreground)
		tcsetpgrp(outer->terminal, getpgrp());
	end_as(status);
}

/* The command has ended: @left processes are still there, or a negative errno. */
static _Noreturn void supervisor_ended(
	struct supervisor *outer, int status, int left, const char *reason)
{
	log_closed(&outer->log, left, reason);
	supervisor_end(outer, status);
}

/* Whether PID 1 of a shared session has ended, and our command with it. */
static bool set_has_ended(const struct supervisor *outer)
{
	struct pollfd line = {.fd = outer->line};

	return poll(&line, 1, 0) > 0;
}

/* Handles a change of our child's state. */
static void look_at_command(struct supervisor *outer)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(outer->command, &status, WNOHANG | WUNTRACED);
	while (pid < 0 && errno == EINTR);
	if (pid != outer->command)
		return;
	if (WIFSTOPPED(status))
		stop_too(outer, WSTOPSIG(status));
	else if (set_has_ended(outer))
		supervisor_ended(outer, status, 0, "killed");
	else
		supervisor_ended(outer, status, -EOPNOTSUPP, "logout");
}

static void hear_signal(struct supervisor *outer)
{
	struct signalfd_siginfo info;

	if (read(outer->signals, &info, sizeof info) != sizeof info)
		return;
	switch (info.ssi_signo) {
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGWINCH:
		/* from the terminal: the whole process group got it, including the command */
		if (info.ssi_code == SI_KERNEL)
			return;
		break;
	case SIGCHLD:
		if (outer->command) {
			look_at_command(outer);
			return;
		}
	}
	send_signal(outer, (int)info.ssi_signo);
}

/* Handles what PID 1 reports of its child. */
static void hear_line(struct supervisor *outer)
{
	struct pid1_message message;

	if (recv(outer->line, &message, sizeof message, 0) != sizeof message)
		supervisor_ended(
			outer, SIGKILL, 0, "killed"); /* nothing else ends PID 1 without a word */
	if (message.what == PID1_STOPPED)
		stop_too(outer, WSTOPSIG(message.value));
	else if (message.what == PID1_ENDED)
		supervisor_ended(outer, message.value, (int)message.number, "logout");
}

void supervisor_init(struct supervisor *outer)
{
	*outer = (struct supervisor){.line = -1, .signals = -1, .terminal = foreground_terminal()};
	outer->in_foreground = outer->terminal >= 0;
}

int supervisor_listen(struct supervisor *outer, struct error *error)
{
	int keep[3];

	outer->signals = signals_open(SIGNALS_ALL, SFD_CLOEXEC | SFD_NONBLOCK);
	if (outer->signals < 0)
		return error_errno(error, errno, "cannot watch for signals");
	keep[0] = outer->line;
	keep[1] = outer->signals;
	keep[2] = outer->terminal;
	return descriptors_keep(keep, 3, error);
}

_Noreturn void supervisor_run(struct supervisor *outer)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = outer->command ? -1 : outer->line, .events = POLLIN},
			{.fd = outer->signals, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			hear_signal(outer);
		if (fds[0].revents)
			hear_line(outer);
	}
}
