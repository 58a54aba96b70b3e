#include "systemd_scope.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/fd_message.h"
#include "conf/common/poll_until.h"

#define SYSTEMD_RUN "/usr/bin/systemd-run"
#define USERS_SLICE ":/user.slice/" /* of all users: systemd.special(7) */

bool unit_ends_with_login(void)
{
	char text[4096];
	ssize_t length;
	_cleanup_close_ int own = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);

	if (access("/run/systemd/system", F_OK) < 0 && errno == ENOENT)
		return false;
	length = own < 0 ? -1 : read(own, text, sizeof text - 1);
	if (length < 0)
		return true; /* unknown, and leaving does no harm */
	text[length] = '\0';
	return strstr(text, USERS_SLICE);
}

bool unit_has_manager(uid_t uid)
{
	char bus[48];

	snprintf(bus, sizeof bus, "/run/user/%u/bus", uid);
	return access(bus, F_OK) == 0 || errno != ENOENT;
}

/* ---- asking for a scope ---- */

/* systemd-run inherits nothing from us but the socket on which the new process reports. */
#define HANDSHAKE STDOUT_FILENO
#define ARRIVED "moved"

static _Noreturn void become_systemd_run(char **argv, bool user, int handshake, pid_t parent)
{
	char runtime[48];
	int failure;

	/* nsisolate-shell has set the user's environment aside, and with it the way to the bus */
	snprintf(runtime, sizeof runtime, "/run/user/%u", getuid());
	if (user && setenv("XDG_RUNTIME_DIR", runtime, 1) < 0)
		_exit(EXIT_FAILURE);

	/* perhaps it hangs, and it must not outlive a login that has given up */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent && dup2(handshake, HANDSHAKE) >= 0)
		execv(SYSTEMD_RUN, argv);
	failure = errno;
	message_send(handshake, (const char *)&failure, sizeof failure, NULL, 0);
	_exit(EXIT_FAILURE);
}

static bool has_arrived(int handshake, struct error *error)
{
	char said[sizeof ARRIVED];
	size_t no_fds = 0;
	ssize_t length;
	int result = poll_until(handshake, POLLIN, clock_ms() + UNIT_PATIENCE_MS);

	if (result == -ETIMEDOUT)
		error_set(error, ETIMEDOUT, SYSTEMD_RUN " does not answer");
	else if (result < 0)
		error_errno(error, -result, "cannot wait for " SYSTEMD_RUN);
	if (result < 0)
		return false;
	length = message_receive(handshake, said, sizeof said, NULL, &no_fds, 0);
	if (length == (ssize_t)strlen(ARRIVED) && !memcmp(said, ARRIVED, strlen(ARRIVED)))
		return true;
	if (length == sizeof(int)) {
		int failure;

		memcpy(&failure, said, sizeof failure);
		error_errno(error, failure, "cannot run " SYSTEMD_RUN);
	} else {
		error_set(error, EPROTO, SYSTEMD_RUN " failed");
	}
	return false;
}

static char **scope_arguments(char **arguments, bool user)
{
	static char unit[64], title[300];
	size_t count = 0;
	char **argv, **word;

	while (arguments[count])
		count++;
	argv = word = calloc(count + 13, sizeof *argv);
	if (!argv)
		return NULL;
	snprintf(unit, sizeof unit, "--unit=nsisolate-%d", getpid());
	snprintf(title, sizeof title, "--title=%s", arguments[0]);
	*word++ = (char *)SYSTEMD_RUN;
	*word++ = (char *)"--scope";
	if (user)
		*word++ = (char *)"--user";
	*word++ = (char *)"--quiet";
	*word++ = (char *)"--collect";
	*word++ = (char *)"--description=nsisolate: all sessions of a user";
	*word++ = unit;
	*word++ = (char *)"--";
	*word++ = (char *)NSISOLATE_INIT;
	*word++ = title;
	*word++ = (char *)"--moved";
	memcpy(word, arguments + 1, (count - 1) * sizeof *word);
	return argv;
}

pid_t unit_leave(char **arguments, bool user, const struct unit_hand *hand, struct error *error)
{
	const int fds[] = {hand->answer, hand->leader, hand->lock};
	_cleanup_free_ char **argv = scope_arguments(arguments, user);
	const pid_t parent = getpid();
	int sockets[2], sent;
	pid_t pid;

	if (!argv || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
		error_errno(error, errno, "cannot ask for a scope");
		return 0;
	}
	pid = fork();
	if (pid == 0)
		become_systemd_run(argv, user, sockets[1], parent);
	if (pid < 0)
		error_errno(error, errno, "cannot fork");
	close(sockets[1]);
	if (pid > 0 && !has_arrived(sockets[0], error)) {
		kill(pid, SIGKILL);
		child_wait(pid, NULL);
		pid = -1;
	}
	/* it has done nothing yet; if it ends before it receives this, the login gets no answer */
	sent = pid > 0 ? message_send(sockets[0], ARRIVED, strlen(ARRIVED), fds, ARRAY_SIZE(fds))
		       : -1;
	close(sockets[0]);
	if (pid > 0 && sent < 0) {
		error_errno(error, -sent, "cannot hand over to a scope");
		/* it would see the socket closed, but not while it is stopped */
		kill(pid, SIGKILL);
		child_wait(pid, NULL);
	}
	return sent < 0 ? 0 : pid;
}

int unit_arrive(struct unit_hand *hand)
{
	int fds[3];
	size_t count = ARRAY_SIZE(fds);
	char said[sizeof ARRIVED];

	if (message_send(HANDSHAKE, ARRIVED, strlen(ARRIVED), NULL, 0) < 0 ||
		message_receive(HANDSHAKE, said, sizeof said, fds, &count, 0) <= 0 ||
		count != ARRAY_SIZE(fds) || dup2(fds[0], HANDSHAKE) < 0)
		return -1;
	close(fds[0]);
	*hand = (struct unit_hand){.answer = HANDSHAKE, .leader = fds[1], .lock = fds[2]};
	return 0;
}
