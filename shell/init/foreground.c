#include "modes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "descriptors.h"
#include "drop.h"
#include "pid1.h"

/* The process that the caller sees: it passes signals in and the command's fate out. */
struct outer {
	int session; /* socket to PID 1, struct pid1_message both ways */
	int signals; /* signalfd */
	int terminal; /* whose foreground the command's process group is; -1: none */
	bool in_foreground;
};

static void tell_session(struct outer *outer, int signum)
{
	struct pid1_message message = {.what = PID1_SIGNAL, .value = signum};

	/* PID 1 is gone: the next poll() says so */
	send(outer->session, &message, sizeof message, MSG_NOSIGNAL);
}

/* ---- inside ---- */

static int send_failed(int outer, const struct error *error)
{
	struct pid1_message message = {.what = PID1_FAILED};

	snprintf(message.text, sizeof message.text, "%s", error->text);
	send(outer, &message, sizeof message, MSG_NOSIGNAL);
	return EXIT_FAILURE;
}

static int first_process(struct job *job, const struct command *command, int outer)
{
	struct pid1_message ready = {.what = PID1_READY};
	struct pid1 pid1 = {
		.policy = &job->setup.policy,
		.login = {-1, outer},
		.share = SHARE_NONE,
	};
	struct error error = {0};
	int keep[2];

	if (setup_session(&job->setup, &error) < 0 || drop_dumpable(&error) < 0)
		return send_failed(outer, &error);
	pid1.signals = pid1_signals(&error);
	if (pid1.signals < 0)
		return send_failed(outer, &error);
	keep[0] = outer;
	keep[1] = pid1.signals;
	pid1.command = command_start(command, &error);
	if (pid1.command < 0)
		return send_failed(outer, &error);
	/*
	 * A process group that is nobody's job: what is typed or killed there is not for PID 1.  The
	 * command has its own, or stays in the caller's.
	 */
	setpgid(0, 0);
	/* the command has begun: from here on nobody may be told that it could be run otherwise */
	if (drop_new_privileges(&error) < 0 || descriptors_keep(keep, 2, &error) < 0 ||
		chdir("/") < 0)
		return EXIT_FAILURE;
	title_shorten(&job->title);
	send(outer, &ready, sizeof ready, MSG_NOSIGNAL);
	pid1_run(&pid1);
}

/* ---- outside ---- */

/* The terminal that we are in the foreground of, as a descriptor of its own; -1: none. */
static int foreground_terminal(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (tcgetpgrp(fd) == getpgrp())
			return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return -1;
}

/* The caller's shell has put us into the foreground again: pass it on to @group. */
static void pass_terminal_on(struct outer *outer, pid_t group)
{
	if (outer->terminal < 0)
		return;
	outer->in_foreground = tcgetpgrp(outer->terminal) == getpgrp();
	if (outer->in_foreground && group > 0)
		tcsetpgrp(outer->terminal, group);
}

/*
 * The command was stopped.  Stop as well, by the same signal, so that the caller's shell gets its
 * prompt back; where nobody could ever continue us (an orphaned process group, as under sshd) the
 * kernel drops the signal, and the command is continued at once, as if it had been dropped there.
 */
static void stop_too(struct outer *outer, int signum)
{
	pid_t group = outer->terminal < 0 ? -1 : tcgetpgrp(outer->terminal);
	sigset_t stop, blocked;

	sigemptyset(&stop);
	sigaddset(&stop, signum);
	raise(signum);
	sigprocmask(SIG_UNBLOCK, &stop, &blocked); /* here we stop, and come back by SIGCONT */
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	pass_terminal_on(outer, group);
	tell_session(outer, SIGCONT);
}

static void pass_signal(struct outer *outer)
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
		/* from the terminal: the whole process group got it, the command with us */
		if (info.ssi_code == SI_KERNEL)
			return;
	}
	tell_session(outer, (int)info.ssi_signo);
}

/* Ends as the command did; does not return. */
static _Noreturn void end_as(int status)
{
	static const struct rlimit no_core = {0, 0};
	sigset_t all;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	/* the command has dumped its core, if it was to; this one would tell nothing */
	setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	_exit(128 + WTERMSIG(status));
}

static _Noreturn void outer_end(struct outer *outer, int status)
{
	/* or the caller's shell would find itself in the background */
	if (outer->in_foreground)
		tcsetpgrp(outer->terminal, getpgrp());
	end_as(status);
}

static _Noreturn void outer_run(struct outer *outer)
{
	struct pid1_message message;

	for (;;) {
		struct pollfd fds[] = {
			{.fd = outer->session, .events = POLLIN},
			{.fd = outer->signals, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			pass_signal(outer);
		if (!fds[0].revents)
			continue;
		if (recv(outer->session, &message, sizeof message, 0) != sizeof message)
			outer_end(outer, SIGKILL); /* nothing else ends PID 1 without a word */
		if (message.what == PID1_STOPPED)
			stop_too(outer, WSTOPSIG(message.value));
		else if (message.what == PID1_ENDED)
			outer_end(outer, message.value);
	}
}

/*
 * Without a PID namespace there is no PID 1 and nothing to wait for: this process itself enters the
 * others and becomes the command.  What fails halfway cannot be undone, so where a failure shall
 * let the command run as it is, a child tries first.
 */
static int enter_in_place(struct job *job, struct error *error)
{
	int result = namespaces_unshare(
		job->setup.policy.kinds | (job->setup.user ? CLONE_NEWUSER : 0), error);

	return result < 0 ? result : setup_session(&job->setup, error);
}

static int try_in_place(struct job *job, struct error *error)
{
	int sockets[2];
	ssize_t length;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(error, errno, "cannot make a socket");
	pid = fork();
	if (pid == 0) {
		if (enter_in_place(job, error) < 0)
			send(sockets[1], error->text, sizeof error->text, MSG_NOSIGNAL);
		_exit(EXIT_SUCCESS);
	}
	close(sockets[1]);
	length = pid < 0 ? -1 : recv(sockets[0], error->text, sizeof error->text, 0);
	close(sockets[0]);
	if (pid < 0)
		return error_errno(error, errno, "cannot fork");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return length == 0 ? 0 : -EPROTO;
}

/* Whether the rule lets the command run un-isolated when it must; uid 0 is never locked out. */
static bool may_go_without(const struct job *job)
{
	return job->setup.policy.on_error == ON_ERROR_ALLOW || getuid() == 0;
}

static int without_session(
	struct job *job, const struct command *command, const struct error *error)
{
	bool allowed = may_go_without(job);

	dprintf(STDERR_FILENO, INIT_NAME ": this session is not isolated%s: %s\n",
		allowed ? "" : ", so it is refused", error->text);
	if (!allowed)
		return EXIT_FAILURE;
	command_exec(command);
}

static int in_place_run(struct job *job, const struct command *command)
{
	struct error error = {0};

	if (may_go_without(job) && try_in_place(job, &error) < 0)
		return without_session(job, command, &error);
	if (enter_in_place(job, &error) < 0) {
		dprintf(STDERR_FILENO, INIT_NAME ": this session is refused: %s\n", error.text);
		return EXIT_FAILURE;
	}
	command_exec(command);
}

static int session_start(
	struct job *job, const struct command *command, struct outer *outer, struct error *error)
{
	int flags = job->setup.policy.kinds | (job->setup.user ? CLONE_NEWUSER : 0);
	int sockets[2], pidfd, keep[3];
	struct pid1_message message;
	sigset_t all;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(error, errno, "cannot make a socket");
	pid = namespaces_clone(flags, &pidfd, error);
	if (pid == 0) {
		close(sockets[0]);
		_exit(first_process(job, command, sockets[1]));
	}
	close(sockets[1]);
	if (pid < 0) {
		close(sockets[0]);
		return pid;
	}
	close(pidfd);
	/* a PID 1 that died without a word may have begun the command: it is not run again */
	if (recv(sockets[0], &message, sizeof message, 0) != sizeof message)
		outer_end(outer, SIGKILL);
	if (message.what == PID1_FAILED) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		close(sockets[0]);
		return error_set(error, EPROTO, "%s", message.text);
	}
	sigfillset(&all);
	outer->session = sockets[0];
	outer->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	keep[0] = outer->session;
	keep[1] = outer->signals;
	keep[2] = outer->terminal;
	/* what the command closes must be closed: a pipe's end, a descriptor of ours */
	if (outer->signals < 0 || descriptors_keep(keep, 3, error) < 0)
		outer_end(outer, SIGKILL); /* the same: the command has begun, and ends with us */
	return 0;
}

int foreground_run(struct job *job)
{
	struct command command;
	struct outer outer = {0};
	struct error error = {0};

	command_init(&command, job->command, job->login);
	command_save_signals(&command);
	outer.terminal = command.terminal = foreground_terminal();
	outer.in_foreground = outer.terminal >= 0;
	job->setup.host.uts = namespaces_inode("uts", &error);
	job->setup.host.mnt = namespaces_inode("mnt", &error);
	if (!job->setup.host.uts || !job->setup.host.mnt)
		return without_session(job, &command, &error);
	if (!(job->setup.policy.kinds & CLONE_NEWPID))
		return in_place_run(job, &command);
	if (session_start(job, &command, &outer, &error) < 0)
		return without_session(job, &command, &error);
	title_shorten(&job->title);
	outer_run(&outer);
}
