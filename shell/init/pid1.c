#include "pid1.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How soon to look again when a look at /proc failed; see watch_somebody. */
#define LOOK_AGAIN_MS 1000

/* How often poll(2) or read(2) may fail in a row. */
#define BLIND_MAX 100

struct life {
	const struct pid1 *pid1;
	int signals; /* signalfd */
	int leader; /* -1 once it is gone */
	int closing; /* -1 once it has hung up */
	pid_t command; /* 0 once it has ended */
	bool ending;
	int64_t deadline; /* ms on CLOCK_MONOTONIC: the end by force; -1: none */
	unsigned blind; /* how often in a row poll(2) or read(2) failed */
	int watched; /* while ending: pidfd of some process that still lives, or -1 */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The logout policy begins; a second reason to end changes nothing. */
static void begin_end(struct life *life)
{
	const struct policy *policy = life->pid1->policy;

	if (life->ending)
		return;
	life->ending = true;
	if (policy->logout != LOGOUT_KILL)
		return;
	/*
	 * Everybody but PID 1.  What a setuid program started is not ours to signal; the kernel ends
	 * that too when PID 1 goes.  SIGHUP for shells, which ignore SIGTERM; SIGCONT so that stopped
	 * jobs can hear either.
	 */
	kill(-1, SIGTERM);
	kill(-1, SIGHUP);
	kill(-1, SIGCONT);
	life->deadline = now_ms() + (int64_t)policy->grace * 1000;
}

/*
 * Whoever the leader forked has no parent in here, so PID 1 gets no SIGCHLD for it: to learn that
 * the session is empty it waits for the end of one living process at a time.  A zombie does not
 * count: its parent is outside and may itself be waiting for the session's end, as sshd does, which
 * closes the PAM session before it reaps its child.  Returns false when nobody is left.
 */
static bool watch_somebody(struct life *life, int *timeout)
{
	struct dirent *entry;
	bool failed = false;
	DIR *proc;

	if (life->watched >= 0)
		return true;
	if (kill(-1, 0) < 0 && errno == ESRCH)
		return false;
	proc = opendir("/proc");
	if (!proc) {
		/* out of memory or descriptors, or root in here took /proc away */
		*timeout = LOOK_AGAIN_MS;
		return true;
	}
	while (life->watched < 0 && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		struct pollfd ended = {.events = POLLIN};

		if (pid <= 1)
			continue;
		ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (ended.fd < 0) {
			failed |= errno != ESRCH;
			continue;
		}
		if (poll(&ended, 1, 0) == 0)
			life->watched = ended.fd;
		else
			close(ended.fd);
	}
	closedir(proc);
	if (life->watched < 0 && failed)
		*timeout = LOOK_AGAIN_MS; /* of somebody it could not be told */
	return life->watched >= 0 || failed;
}

static void tell_outer(struct life *life, int what, int value, int flags)
{
	struct pid1_message message = {.what = what, .value = value};

	/* nobody to tell any more: poll() says so next */
	if (life->leader >= 0)
		send(life->leader, &message, sizeof message, MSG_NOSIGNAL | flags);
}

static void reap(struct life *life)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | (life->command ? WUNTRACED : 0))) > 0 ||
		(pid < 0 && errno == EINTR)) {
		if (pid != life->command)
			continue;
		if (WIFSTOPPED(status)) {
			/* an outer process that is stopped itself does not listen, and knows */
			tell_outer(life, PID1_STOPPED, status, MSG_DONTWAIT);
			continue;
		}
		tell_outer(life, PID1_ENDED, status, 0);
		life->command = 0;
		begin_end(life);
	}
}

/*
 * A poll(2), or a read(2) of the signals, that a debugger or want of memory made fail is tried again.
 * One that always fails is a user's doing, who may set the limits of any process with his ids,
 * prlimit(2): without descriptors PID 1 would not see that the session is closed, and spin.  It ends
 * then, and the session with it.
 */
static void see_nothing(struct life *life)
{
	if (errno != EINTR && errno != EAGAIN && ++life->blind > BLIND_MAX)
		_exit(EXIT_FAILURE);
}

static void read_signal(struct life *life)
{
	struct signalfd_siginfo info;

	if (read(life->signals, &info, sizeof info) != sizeof info) {
		see_nothing(life);
		return;
	}
	life->blind = 0;
	switch (info.ssi_signo) {
	case SIGCHLD:
		reap(life);
		break;
	case SIGTERM:
		/*
		 * A sender inside has a pid in here, unless he makes one up, which rt_sigqueueinfo(2)
		 * allows for negative codes: a user can end his processes, not the session.
		 */
		if (info.ssi_pid == 0 && info.ssi_code >= 0)
			begin_end(life);
		break;
	}
}

static void leader_gone(struct life *life, int *fd)
{
	close(*fd);
	*fd = -1;
	begin_end(life);
}

static void pass_signal(pid_t command, int signum)
{
	/* a stop from the terminal stopped the whole process group, where the command has its own */
	if (signum == SIGCONT && kill(-command, SIGCONT) == 0)
		return;
	kill(command, signum);
}

static void hear_leader(struct life *life)
{
	struct pid1_message message;

	if (!life->pid1->command) {
		leader_gone(life, &life->leader);
		return;
	}
	if (recv(life->leader, &message, sizeof message, MSG_DONTWAIT) != sizeof message)
		leader_gone(life, &life->leader);
	else if (message.what == PID1_SIGNAL && life->command)
		pass_signal(life->command, message.value);
}

int pid1_signals(struct error *error)
{
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_errno(error, errno, "PID 1 cannot watch for signals") : fd;
}

_Noreturn void pid1_run(const struct pid1 *pid1)
{
	struct life life = {
		.pid1 = pid1,
		.signals = pid1->signals,
		.leader = pid1->leader,
		.closing = pid1->closing,
		.command = pid1->command,
		.deadline = -1,
		.watched = -1,
	};

	/* or kill(-1) would mean every process of the user's */
	if (getpid() != 1)
		_exit(EXIT_FAILURE);
	for (;;) {
		int timeout = -1;
		struct pollfd fds[4];

		if (life.ending && !watch_somebody(&life, &timeout))
			_exit(EXIT_SUCCESS);
		if (life.deadline >= 0) {
			int64_t left = life.deadline - now_ms();

			if (left <= 0)
				_exit(EXIT_SUCCESS);
			if (timeout < 0 || left < timeout)
				timeout = (int)left;
		}
		fds[0] = (struct pollfd){.fd = life.signals, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = life.leader, .events = POLLIN};
		fds[2] = (struct pollfd){.fd = life.watched, .events = POLLIN};
		fds[3] = (struct pollfd){.fd = life.closing}; /* to hang up is all that it can do */
		if (poll(fds, 4, timeout) < 0) {
			see_nothing(&life);
			continue;
		}
		if (fds[0].revents)
			read_signal(&life);
		else
			life.blind = 0;
		if (fds[1].revents)
			hear_leader(&life);
		if (fds[3].revents) {
			/* not closed: nsisolatectl knows the session by it */
			life.closing = -1;
			begin_end(&life);
		}
		if (fds[2].revents) {
			close(life.watched);
			life.watched = -1;
		}
	}
}
