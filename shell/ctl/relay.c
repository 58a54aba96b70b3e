#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

/* What a process left in the background writes for ever is not waited for. */
#define LAST_WORDS (256 << 10)

/* Bytes on their way in one direction. */
struct flow {
	char bytes[4096];
	size_t start, length;
};

struct traffic {
	struct relay *relay;
	struct flow in, out;
	bool typing; /* the keyboard has not said that it ends */
	pid_t pid;
	int signals; /* signalfd */
};

/* ---- the new terminal ---- */

static int make_pair(struct relay *relay, uid_t uid, struct error *error)
{
	relay->outer = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (relay->outer < 0 || unlockpt(relay->outer) < 0)
		return error_errno(error, errno, "cannot make a terminal (is /dev/ptmx there?)");
	/* the very one, by whatever name; no path is followed */
	relay->inner = ioctl(relay->outer, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (relay->inner < 0)
		return error_errno(error, errno, "cannot open the new terminal");
	/* as login(1) does: the user's to open, and to read for nobody else */
	if (fchown(relay->inner, uid, (gid_t)-1) < 0 || fchmod(relay->inner, 0620) < 0)
		return error_errno(error, errno, "cannot hand over the new terminal");
	return 0;
}

static void copy_size(const struct relay *relay)
{
	struct winsize size;

	if (ioctl(relay->screen, TIOCGWINSZ, &size) == 0)
		ioctl(relay->outer, TIOCSWINSZ, &size);
}

/* The new terminal does what ours would have done; what ours goes on doing, it does not do again. */
static void copy_settings(const struct relay *relay)
{
	struct termios settings;

	if (relay->keyboard)
		settings = relay->before;
	else if (tcgetattr(relay->screen, &settings) < 0)
		return;
	if (!relay->raw) {
		settings.c_oflag &= (tcflag_t)~OPOST;
		settings.c_lflag &= (tcflag_t)~ECHO;
	}
	tcsetattr(relay->inner, TCSANOW, &settings);
}

int relay_open(struct relay *relay, uid_t uid, struct error *error)
{
	bool terminal[3];
	int result;

	*relay = (struct relay){.stdio = {0, 1, 2}, .inner = -1, .outer = -1};
	for (int fd = 0; fd < 3; fd++)
		terminal[fd] = isatty(fd);
	if (!terminal[0] && !terminal[1] && !terminal[2])
		return 0;
	result = make_pair(relay, uid, error);
	if (result < 0)
		return result;
	relay->screen = terminal[1] ? 1 : terminal[2] ? 2 : 0;
	relay->keyboard = terminal[0] && tcgetattr(0, &relay->before) == 0;
	/* in a pipeline the others in it need what the keys do: ^C, lines, echo */
	relay->raw = relay->keyboard && terminal[1];
	for (int fd = 0; fd < 3; fd++)
		if (terminal[fd])
			relay->stdio[fd] = relay->inner;
	copy_size(relay);
	copy_settings(relay);
	return 0;
}

void relay_close(struct relay *relay)
{
	cleanup_close(&relay->inner);
	cleanup_close(&relay->outer);
	relay->inner = relay->outer = -1;
}

/* ---- our terminal ---- */

static bool in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Somebody else is in front; where there is no terminal any more, nobody is. */
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

/* Not when a shell has taken it from us, and has set it as it likes. */
static void restore(const struct relay *relay)
{
	if (relay->raw && in_foreground())
		tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->before);
}

static _Noreturn void die_by(int signum)
{
	static const struct rlimit no_core = {0, 0};
	sigset_t one;

	setrlimit(RLIMIT_CORE, &no_core);
	signal(signum, SIG_DFL);
	raise(signum);
	sigemptyset(&one);
	sigaddset(&one, signum);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	_exit(128 + signum);
}

/* Nobody is there any more, for whom the process would go on. */
static _Noreturn void hang_up(struct traffic *traffic, int signum)
{
	restore(traffic->relay);
	/* closing it sends SIGHUP to those inside; what waits in the background stays, as anywhere */
	relay_close(traffic->relay);
	kill(-traffic->pid, signum);
	die_by(signum);
}

static void stop(const struct relay *relay)
{
	restore(relay);
	kill(getpid(), SIGSTOP);
}

/* ---- bytes ---- */

/* Takes what is there into an empty flow; false when nothing can come any more. */
static bool fill(struct flow *flow, int fd)
{
	ssize_t got = read(fd, flow->bytes, sizeof flow->bytes);

	flow->start = flow->length = 0;
	if (got > 0)
		flow->length = (size_t)got;
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Gives on what it can; false when it can never be given. */
static bool drain(struct flow *flow, int fd)
{
	ssize_t put = write(fd, flow->bytes + flow->start, flow->length);

	if (put > 0) {
		flow->start += (size_t)put;
		flow->length -= (size_t)put;
	}
	return put >= 0 || errno == EAGAIN || errno == EINTR;
}

/* What the process wrote before it ended. */
static void take_last_words(struct traffic *traffic)
{
	size_t taken = 0;

	while (taken < LAST_WORDS) {
		while (traffic->out.length)
			if (!drain(&traffic->out, traffic->relay->screen))
				return;
		if (!fill(&traffic->out, traffic->relay->outer) || !traffic->out.length)
			return;
		taken += traffic->out.length;
	}
}

/* The keyboard's ^D as the new terminal knows it. */
static void end_input(struct traffic *traffic)
{
	traffic->typing = false;
	traffic->in.bytes[0] = (char)traffic->relay->before.c_cc[VEOF];
	traffic->in.start = 0;
	traffic->in.length = 1;
}

static void carry(struct traffic *traffic, const struct pollfd *keyboard,
	const struct pollfd *outer, const struct pollfd *screen)
{
	if (keyboard->revents && !fill(&traffic->in, STDIN_FILENO)) {
		if (in_background())
			stop(traffic->relay); /* as whoever reads there */
		else if (traffic->relay->raw)
			hang_up(traffic, SIGHUP);
		else
			end_input(traffic);
	}
	/* EIO: nobody has the inner end open just now */
	if (traffic->in.length && (outer->revents & POLLOUT) &&
		!drain(&traffic->in, traffic->relay->outer))
		traffic->in.length = 0;
	if (outer->revents & POLLIN)
		fill(&traffic->out, traffic->relay->outer);
	if (screen->revents && traffic->out.length && !drain(&traffic->out, traffic->relay->screen))
		hang_up(traffic, SIGHUP);
}

/* ---- signals ---- */

static void take_signal(struct traffic *traffic)
{
	const struct relay *relay = traffic->relay;
	struct signalfd_siginfo info;
	int signum;

	if (read(traffic->signals, &info, sizeof info) != sizeof info)
		return;
	signum = (int)info.ssi_signo;
	switch (signum) {
	case SIGCHLD:
		break;
	case SIGWINCH:
		if (relay->outer >= 0)
			copy_size(relay);
		break;
	case SIGCONT:
		make_raw(relay);
		if (relay->outer >= 0)
			copy_size(relay);
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
		/* from a keyboard that is not raw: to what is in front inside */
		if (relay->outer < 0 || ioctl(relay->outer, TIOCSIG, signum) < 0)
			kill(-traffic->pid, signum);
		break;
	default:
		kill(-traffic->pid, signum);
	}
}

static int open_signals(void)
{
	static const int taken[] = {SIGCHLD, SIGWINCH, SIGCONT, SIGTSTP, SIGHUP, SIGTERM, SIGINT,
		SIGQUIT, SIGUSR1, SIGUSR2, SIGTTOU, SIGTTIN};
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
		sigaddset(&mask, taken[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	/* blocked, so that settings and size can be changed from anywhere; nobody sends them else */
	sigdelset(&mask, SIGTTOU);
	sigdelset(&mask, SIGTTIN);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* ---- until the end ---- */

static void wait_and_carry(struct traffic *traffic)
{
	const struct relay *relay = traffic->relay;
	struct pollfd fds[] = {
		{.fd = traffic->signals, .events = POLLIN},
		{.fd = traffic->typing && !traffic->in.length ? STDIN_FILENO : -1,
			.events = POLLIN},
		{.fd = relay->outer},
		{.fd = traffic->out.length ? relay->screen : -1, .events = POLLOUT},
	};

	if (traffic->in.length)
		fds[2].events |= POLLOUT;
	if (!traffic->out.length)
		fds[2].events |= POLLIN;
	if (poll(fds, 4, -1) < 0)
		return;
	if (fds[0].revents)
		take_signal(traffic);
	if (relay->outer >= 0)
		carry(traffic, &fds[1], &fds[2], &fds[3]);
}

int relay_run(struct relay *relay, pid_t pid)
{
	struct traffic traffic = {
		.relay = relay, .typing = relay->keyboard, .pid = pid, .signals = open_signals()};
	int status = 0;

	make_raw(relay);
	/* its end stays open here, too: poll() would never wait while the process has it closed */
	while (waitpid(pid, &status, WNOHANG) == 0)
		wait_and_carry(&traffic);
	if (relay->outer >= 0)
		take_last_words(&traffic);
	restore(relay);
	cleanup_close(&traffic.signals);
	return status;
}
