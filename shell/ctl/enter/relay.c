#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "shell/common/end_as.h"

/* Output of a process that was left in the background can be endless; we do not wait for it. */
#define LAST_WORDS (256 << 10)

/* Bytes in transit in one direction. */
struct flow {
	int to; /* where they go */
	char bytes[PIPE_BUF];
	size_t start, length;
};

struct traffic {
	struct relay *relay;
	struct flow in; /* from standard input */
	struct flow out; /* from the new terminal */
	struct flow piped[3]; /* from the pipes of 1 and 2 */
	bool typing; /* standard input has not ended */
	pid_t pid;
};

/* ---- our terminal ---- */

static bool in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Another process group is in the foreground; where the terminal is gone, none is. */
static bool in_background(void)
{
	pid_t front = tcgetpgrp(STDIN_FILENO);

	return front > 0 && front != getpgrp();
}

static void make_raw(const struct relay *relay)
{
	struct termios raw = relay->before;

	if (!relay->raw || !in_foreground())
		return;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

/* Not when a shell has taken the terminal from us and changed its settings. */
static void restore(const struct relay *relay)
{
	if (relay->raw && in_foreground())
		tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->before);
}

/* There is nobody left to run the process for. */
static _Noreturn void hang_up(struct traffic *traffic, int signum)
{
	restore(traffic->relay);
	/* closing it sends SIGHUP to those inside; background jobs stay, as with any terminal */
	relay_close(traffic->relay);
	kill(-traffic->pid, signum);
	end_as(signum);
}

static void stop(const struct relay *relay)
{
	restore(relay);
	kill(getpid(), SIGSTOP);
}

/* ---- bytes ---- */

/* Reads what is there into an empty flow; false when nothing more can come. */
static bool fill(struct flow *flow, int fd)
{
	ssize_t got = read(fd, flow->bytes, sizeof flow->bytes);

	flow->start = flow->length = 0;
	if (got > 0)
		flow->length = (size_t)got;
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Writes what it can; false when nothing can be written any more. */
static bool drain(struct flow *flow)
{
	ssize_t put = write(flow->to, flow->bytes + flow->start, flow->length);

	if (put > 0) {
		flow->start += (size_t)put;
		flow->length -= (size_t)put;
	}
	return put >= 0 || errno == EAGAIN || errno == EINTR;
}

/* What the process wrote before it ended, read from @fd. */
static void take_last_words(struct flow *flow, int fd)
{
	size_t taken = 0;

	while (fd >= 0 && taken < LAST_WORDS) {
		while (flow->length)
			if (!drain(flow))
				return;
		if (!fill(flow, fd) || !flow->length)
			return;
		taken += flow->length;
	}
}

/* Types ^D, as set in the new terminal. */
static void end_input(struct traffic *traffic)
{
	traffic->typing = false;
	traffic->in.bytes[0] = (char)traffic->relay->before.c_cc[VEOF];
	traffic->in.start = 0;
	traffic->in.length = 1;
}

/* Standard input has ended. */
static void hear_end(struct traffic *traffic)
{
	if (!traffic->relay->keyboard) {
		traffic->typing = false;
		relay_close_end(&traffic->relay->pipes[0]);
	} else if (in_background()) {
		stop(traffic->relay); /* stop, like any background process that reads there */
	} else if (traffic->relay->raw) {
		hang_up(traffic, SIGHUP);
	} else {
		end_input(traffic);
	}
}

/* What is polled. */
enum { SIGNALS, INPUT, TO_INPUT, OUTER, SCREEN, PIPES, PIPED = PIPES + 2, POLLED = PIPED + 2 };

static void carry_in(struct traffic *traffic, const struct pollfd *fds)
{
	if (fds[INPUT].revents && !fill(&traffic->in, STDIN_FILENO))
		hear_end(traffic);
	if (!fds[TO_INPUT].revents)
		return;
	/* EIO: nobody has the inner end open at the moment; a pipe will never be read again */
	if (traffic->in.length && drain(&traffic->in))
		return;
	traffic->in.length = 0;
	if (!traffic->relay->keyboard) {
		traffic->typing = false;
		relay_close_end(&traffic->relay->pipes[0]);
	}
}

static void carry_out(struct traffic *traffic, const struct pollfd *fds)
{
	if (fds[OUTER].revents & POLLIN)
		fill(&traffic->out, traffic->relay->outer);
	if (fds[SCREEN].revents && traffic->out.length && !drain(&traffic->out))
		hang_up(traffic, SIGHUP);
	for (int fd = 1; fd < 3; fd++) {
		struct flow *flow = &traffic->piped[fd];
		int *end = &traffic->relay->pipes[fd];

		/* our own output is closed: the writer is told, as with any pipe */
		if ((fds[PIPES + fd - 1].revents && !fill(flow, *end)) ||
			(fds[PIPED + fd - 1].revents && flow->length && !drain(flow))) {
			relay_close_end(end);
			flow->length = 0;
		}
	}
}

/* ---- signals ---- */

static void take_signal(struct traffic *traffic)
{
	const struct relay *relay = traffic->relay;
	struct signalfd_siginfo info;
	int signum;

	if (read(traffic->relay->signals, &info, sizeof info) != sizeof info)
		return;
	signum = (int)info.ssi_signo;
	switch (signum) {
	case SIGCHLD:
		break;
	case SIGWINCH:
		if (relay->outer >= 0)
			relay_copy_size(relay);
		break;
	case SIGCONT:
		make_raw(relay);
		if (relay->outer >= 0)
			relay_copy_size(relay);
		break;
	case SIGTSTP:
		stop(relay);
		break;
	case SIGHUP:
	case SIGTERM:
		if (relay->outer >= 0)
			hang_up(traffic, signum);
		kill(-traffic->pid, signum);
		break;
	case SIGINT:
	case SIGQUIT:
		/* from a keyboard that is not raw: to the foreground process group inside */
		if (relay->outer < 0 || ioctl(relay->outer, TIOCSIG, signum) < 0)
			kill(-traffic->pid, signum);
		break;
	default:
		kill(-traffic->pid, signum);
	}
}

/* ---- until the end ---- */

/* The descriptor to read into @flow; -1 while it is not empty. */
static int source_of(const struct flow *flow, int fd)
{
	return flow->length ? -1 : fd;
}

static int target_of(const struct flow *flow)
{
	return flow->length ? flow->to : -1;
}

static void wait_and_carry(struct traffic *traffic)
{
	const struct relay *relay = traffic->relay;
	struct pollfd fds[POLLED] = {
		[SIGNALS] = {relay->signals, POLLIN, 0},
		[INPUT] = {source_of(&traffic->in, traffic->typing ? STDIN_FILENO : -1), POLLIN, 0},
		[TO_INPUT] = {target_of(&traffic->in), POLLOUT, 0},
		[OUTER] = {source_of(&traffic->out, relay->outer), POLLIN, 0},
		[SCREEN] = {target_of(&traffic->out), POLLOUT, 0},
	};

	for (int fd = 1; fd < 3; fd++) {
		const struct flow *flow = &traffic->piped[fd];

		fds[PIPES + fd - 1] = (struct pollfd){source_of(flow, relay->pipes[fd]), POLLIN, 0};
		fds[PIPED + fd - 1] = (struct pollfd){target_of(flow), POLLOUT, 0};
	}
	if (poll(fds, POLLED, -1) < 0)
		return;
	if (fds[SIGNALS].revents)
		take_signal(traffic);
	carry_in(traffic, fds);
	carry_out(traffic, fds);
}

int relay_run(struct relay *relay, pid_t pid)
{
	struct traffic traffic = {.relay = relay, .typing = true, .pid = pid};
	int status = 0;

	/* where nobody reads our output, the process is told, as if it wrote there itself */
	signal(SIGPIPE, SIG_IGN);
	traffic.in.to = relay->keyboard ? relay->outer : relay->pipes[0];
	traffic.out.to = relay->screen;
	traffic.piped[1].to = STDOUT_FILENO;
	traffic.piped[2].to = STDERR_FILENO;
	relay_give_away(relay);
	make_raw(relay);
	/*
	 * the inner end of the terminal stays open here, too: otherwise poll() would return at once
	 * while the process has it closed
	 */
	while (waitpid(pid, &status, WNOHANG) == 0)
		wait_and_carry(&traffic);
	take_last_words(&traffic.out, relay->outer);
	for (int fd = 1; fd < 3; fd++)
		take_last_words(&traffic.piped[fd], relay->pipes[fd]);
	restore(relay);
	return status;
}
