/* The ends of a relay: a new terminal instead of ours, pipes instead of anything else. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "relay.h"

/* ---- the new terminal ---- */

static int make_pair(struct relay *relay, uid_t uid, struct error *error)
{
	relay->outer = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (relay->outer < 0 || unlockpt(relay->outer) < 0)
		return error_errno(error, errno, "cannot make a terminal (is /dev/ptmx there?)");
	/* exactly this one, whatever it is called; no path is followed */
	relay->inner = ioctl(relay->outer, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (relay->inner < 0)
		return error_errno(error, errno, "cannot open the new terminal");
	/* as login(1) does: only the user can open or read it */
	if (fchown(relay->inner, uid, (gid_t)-1) < 0 || fchmod(relay->inner, 0620) < 0)
		return error_errno(error, errno, "cannot hand over the new terminal");
	return 0;
}

void relay_copy_size(const struct relay *relay)
{
	struct winsize size;

	if (ioctl(relay->screen, TIOCGWINSZ, &size) == 0)
		ioctl(relay->outer, TIOCSWINSZ, &size);
}

/* The new terminal does what ours would have done; what ours keeps doing must not be done twice. */
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

/* Instead of our descriptor @fd: bytes flow in or out through a pipe. */
static int make_pipe(struct relay *relay, int fd, uid_t uid, struct error *error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(error, errno, "cannot make a pipe");
	relay->stdio[fd] = ends[fd != STDIN_FILENO];
	relay->pipes[fd] = ends[fd == STDIN_FILENO];
	/* so that the user can open it by name, as /dev/stderr */
	if (fcntl(relay->pipes[fd], F_SETFL, O_NONBLOCK) < 0 || fchown(ends[0], uid, (gid_t)-1) < 0)
		return error_errno(error, errno, "cannot hand over a pipe");
	return 0;
}

static bool are_the_same(int one, int other)
{
	struct stat first, second;

	return fstat(one, &first) == 0 && fstat(other, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* Takes the signals that the process gets, from before it starts: none of them ends us alone. */
static int open_signals(void)
{
	static const int taken[] = {SIGCHLD, SIGWINCH, SIGCONT, SIGTSTP, SIGHUP, SIGTERM, SIGINT,
		SIGQUIT, SIGUSR1, SIGUSR2, SIGTTOU, SIGTTIN};
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		sigaddset(&mask, taken[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	/*
	 * blocked, so that settings and size can be changed from the background; nobody else sends
	 * them
	 */
	sigdelset(&mask, SIGTTOU);
	sigdelset(&mask, SIGTTIN);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

int relay_open(struct relay *relay, uid_t uid, struct error *error)
{
	bool terminal[3] = {false}, one;
	int result = 0;

	*relay = (struct relay){
		.stdio = {-1, -1, -1}, .pipes = {-1, -1, -1}, .inner = -1, .outer = -1};
	relay->signals = open_signals();
	if (relay->signals < 0)
		return error_errno(error, errno, "cannot take signals");
	for (int fd = 0; fd < 3; fd++)
		terminal[fd] = isatty(fd);
	one = !terminal[1] && !terminal[2] && are_the_same(1, 2);
	for (int fd = 0; !result && fd < (one ? 2 : 3); fd++)
		if (!terminal[fd])
			result = make_pipe(relay, fd, uid, error);
	if (one)
		relay->stdio[2] = relay->stdio[1];
	if (result < 0 || (!terminal[0] && !terminal[1] && !terminal[2]))
		return result;
	result = make_pair(relay, uid, error);
	if (result < 0)
		return result;
	relay->screen = terminal[1] ? 1 : terminal[2] ? 2 : 0;
	relay->keyboard = terminal[0] && tcgetattr(0, &relay->before) == 0;
	/* in a pipeline the other commands in it need what the keys do: ^C, lines, echo */
	relay->raw = relay->keyboard && terminal[1];
	for (int fd = 0; fd < 3; fd++)
		if (terminal[fd])
			relay->stdio[fd] = relay->inner;
	relay_copy_size(relay);
	copy_settings(relay);
	return 0;
}

void relay_close_end(int *end)
{
	cleanup_close(end);
	*end = -1;
}

void relay_give_away(struct relay *relay)
{
	if (relay->stdio[2] == relay->stdio[1])
		relay->stdio[2] = -1;
	for (int fd = 0; fd < 3; fd++) {
		if (relay->stdio[fd] != relay->inner)
			cleanup_close(&relay->stdio[fd]);
		relay->stdio[fd] = -1;
	}
}

void relay_close(struct relay *relay)
{
	relay_give_away(relay);
	for (int fd = 0; fd < 3; fd++)
		relay_close_end(&relay->pipes[fd]);
	relay_close_end(&relay->inner);
	relay_close_end(&relay->outer);
	relay_close_end(&relay->signals);
}
