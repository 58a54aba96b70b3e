#include "pid1.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "conf/common/process_count.h"
#include "filter.h"
#include "shell/init/shared/join.h"

/* The delay before the next attempt when reading /proc failed (watch_somebody), or accept(2). */
#define LOOK_AGAIN_MS 1000

/* How often poll(2) or read(2) may fail in a row. */
#define BLIND_MAX 100

/* With large variables, which would otherwise lie in the frame that PID 1 waits in. */
#define ASIDE __attribute__((noinline))

/* What is polled besides the logins. */
enum { SIGNALS, WATCHED, TIMER, LISTENER, ASKING, FIXED };

struct life {
	const struct pid1 *pid1;
	int signals; /* signalfd */
	int timer; /* timerfd; -1: none, or it has run out */
	struct pid1_login *logins; /* those still alive */
	struct pollfd *polled; /* room for FIXED and two for each of them */
	size_t count, room;
	struct pid1_login only_login[1]; /* used while there is only one */
	struct pollfd only_polled[FIXED + 2];
	struct shared_socket share;
	int asking; /* the connection of a login that wants to join; -1: none */
	bool deaf; /* temporarily: one could not be accepted */
	pid_t command; /* 0 once it has ended */
	pid_t pasta; /* the same */
	int connected; /* pidfd of pasta while it lives, by which nsisolatectl knows; or -1 */
	bool ending;
	int64_t deadline; /* ms on CLOCK_MONOTONIC: the end by force; -1: none */
	unsigned blind; /* how often in a row poll(2) or read(2) failed */
	int watched; /* while ending: pidfd of some process that is still alive, or -1 */
};

/*
 * No further login can join; one that is asking sees its connection closed, and makes a new
 * session.
 */
static void stop_sharing(struct life *life)
{
	shared_socket_withdraw(&life->share);
	cleanup_close(&life->asking);
	life->asking = -1;
}

/* Runs from now on, or stands still; see pid1_timer. */
static void set_timer(struct life *life, bool runs)
{
	const unsigned linger_max = life->pid1->policy->linger_max;
	const time_t span = linger_max ? (time_t)linger_max : (time_t)LINGER_FOREVER;
	struct itimerspec timer = {.it_interval.tv_sec = span};

	if (runs)
		timer.it_value.tv_sec = span;
	/* it cannot fail: the descriptor is one, and the time is in its bounds */
	if (life->timer >= 0)
		timerfd_settime(life->timer, 0, &timer, NULL);
}

static void end_all(struct life *life)
{
	stop_sharing(life);
	/*
	 * All processes except PID 1.  We may not signal setuid programs; the kernel kills them too
	 * when PID 1 exits.  SIGHUP for shells, which ignore SIGTERM; SIGCONT so that stopped jobs
	 * can receive either.
	 */
	kill(-1, SIGTERM);
	kill(-1, SIGHUP);
	kill(-1, SIGCONT);
	life->deadline = clock_ms() + (int64_t)life->pid1->policy->grace * 1000;
}

/* Starts the logout policy; a second reason to end changes nothing. */
static void begin_end(struct life *life)
{
	if (life->ending)
		return;
	life->ending = true;
	/* a shared session that lingers can be joined again */
	if (life->pid1->policy->logout == LOGOUT_KILL)
		end_all(life);
}

/*
 * A process forked by the leader has no parent in here, so PID 1 gets no SIGCHLD for it: to learn
 * that the session is empty it waits for the end of one live process at a time.  A zombie does not
 * count: its parent is outside and may itself be waiting for the session's end, as sshd does, which
 * closes the PAM session before it reaps its child.  Returns false when none is left.
 */
static bool watch_somebody(struct life *life, int *timeout)
{
	struct dirent *entry;
	bool failed = false;
	DIR *proc;

	if (life->watched >= 0)
		return true;
	if (!life->pasta && kill(-1, 0) < 0 && errno == ESRCH)
		return false;
	proc = opendir("/proc");
	if (!proc) {
		/* out of memory or descriptors, or root in here has removed /proc */
		*timeout = LOOK_AGAIN_MS;
		return true;
	}
	while (life->watched < 0 && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		struct pollfd ended = {.events = POLLIN};

		if (pid <= 1 || pid == life->pasta)
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
		*timeout = LOOK_AGAIN_MS; /* it could not find out about some process */
	return life->watched >= 0 || failed;
}

/* ---- logins ---- */

/* Makes room for one more; allocates only when there are several; -ENOMEM leaves what there is. */
static int make_room(struct life *life)
{
	size_t room = life->count + 1;
	struct pid1_login *logins;
	struct pollfd *polled;

	if (room <= life->room)
		return 0;
	logins = malloc(room * sizeof *logins);
	polled = malloc((FIXED + 2 * room) * sizeof *polled);
	if (!logins || !polled) {
		free(logins);
		free(polled);
		return -ENOMEM;
	}
	memcpy(logins, life->logins, life->count * sizeof *logins);
	if (life->logins != life->only_login) {
		free(life->logins);
		free(life->polled);
	}
	life->logins = logins;
	life->polled = polled;
	life->room = room;
	return 0;
}

static void take_login(struct life *life, const struct pid1_login *login)
{
	life->logins[life->count++] = *login;
	life->ending = false;
}

static void login_gone(struct life *life, struct pid1_login *login)
{
	cleanup_close(&login->leader);
	/* the first one's stays open: nsisolatectl recognises the session by it */
	if (login->line != life->pid1->login.line)
		cleanup_close(&login->line);
	*login = life->logins[--life->count];
	if (life->count)
		return;
	set_timer(life, true);
	begin_end(life);
}

static void hear_asking(struct life *life)
{
	const struct pid1 *pid1 = life->pid1;
	struct pid1_login login = {-1, -1};
	enum join answer = join_receive(life->asking, pid1->policy, &login.leader, &login.line);

	if (answer == JOIN_SAME && pid1->policy->network == NETWORK_USER && !life->pasta) {
		cleanup_close(&login.leader);
		cleanup_close(&login.line);
		answer = JOIN_DISCONNECTED;
	}
	switch (answer) {
	case JOIN_SAME:
		if (make_room(life) == 0 &&
			join_grant(life->asking, pid1->own_userns, pid1->policy, pid1->proc) == 0) {
			take_login(life, &login);
			set_timer(life, false);
			break;
		}
		join_refuse(life->asking, JOIN_FAILED);
		cleanup_close(&login.leader);
		cleanup_close(&login.line);
		break;
	case JOIN_CHANGED:
	case JOIN_DISCONNECTED:
		/*
		 * the name belongs to the next session from now on; this one lives on with its
		 * logins
		 */
		shared_socket_forget(&life->share);
		join_refuse(life->asking, answer);
		break;
	case JOIN_FAILED:
		join_refuse(life->asking, JOIN_FAILED);
		break;
	}
	cleanup_close(&life->asking);
	life->asking = -1;
}

/* ---- the command of a foreground session, whose only login is the outer process ---- */

static void tell_outer(struct life *life, struct pid1_message message, int flags)
{
	/* nobody listens any more: the next poll() reports that */
	if (life->count)
		send(life->logins[0].line, &message, sizeof message, MSG_NOSIGNAL | flags);
}

ASIDE static void reap(struct life *life)
{
	struct pid1_message ended = {.what = PID1_ENDED};
	bool over = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | (life->command ? WUNTRACED : 0))) > 0 ||
		(pid < 0 && errno == EINTR)) {
		if (pid == life->pasta && !WIFSTOPPED(status)) {
			life->pasta = 0;
			cleanup_close(&life->connected);
			life->connected = -1;
		}
		if (pid != life->command)
			continue;
		if (WIFSTOPPED(status)) {
			/* an outer process that is itself stopped does not listen, and knows */
			tell_outer(life, (struct pid1_message){PID1_STOPPED, .value = status},
				MSG_DONTWAIT);
			continue;
		}
		ended.value = status;
		life->command = 0;
		over = true;
	}
	if (!over)
		return;
	if (life->pid1->counts)
		ended.number = process_count(life->pasta != 0);
	tell_outer(life, ended, 0);
	begin_end(life);
}

/*
 * A poll(2), or a read(2) of the signals, that failed because of a debugger or lack of memory is
 * retried.  One that always fails is, with nsisolate-shell, caused by the user, who may set the
 * limits of any process with the same ids, prlimit(2) (drop_to_user prevents it for the module):
 * without descriptors PID 1 would not notice that the session is closed, and spin.  So it exits,
 * which ends the session.
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
	case SIGINT:
	case SIGTERM:
		/*
		 * kill(2) records the caller: a sender inside has a pid in here.  Other codes come
		 * from rt_sigqueueinfo(2), whose caller invents the pid, or are notifications from
		 * the kernel that anybody can request, fcntl(2).
		 */
		if (info.ssi_pid != 0 || info.ssi_code != SI_USER)
			break;
		stop_sharing(life);
		begin_end(life);
		/* whatever the rule lets linger: `nsisolatectl end` */
		if (info.ssi_signo == SIGINT && life->deadline < 0)
			end_all(life);
		break;
	}
}

ASIDE static void hear_line(struct life *life, struct pid1_login *login)
{
	struct pid1_message message;

	if (!life->pid1->command ||
		recv(login->line, &message, sizeof message, MSG_DONTWAIT) != sizeof message)
		login_gone(life, login);
	else if (message.what == PID1_SIGNAL && life->command)
		command_signal(life->command, message.value);
}

/* ---- the loop ---- */

static size_t fill_polled(struct life *life)
{
	/* without a command, hanging up is the only event on a socket */
	short line_events = life->pid1->command ? POLLIN : 0;
	struct pollfd *polled = life->polled;

	polled[SIGNALS] = (struct pollfd){.fd = life->signals, .events = POLLIN};
	polled[WATCHED] = (struct pollfd){.fd = life->watched, .events = POLLIN};
	polled[TIMER] = (struct pollfd){.fd = life->timer, .events = POLLIN};
	/* one at a time */
	polled[LISTENER] = (struct pollfd){
		.fd = life->asking < 0 && !life->deaf ? life->share.listener : -1,
		.events = POLLIN,
	};
	polled[ASKING] = (struct pollfd){.fd = life->asking, .events = POLLIN};
	polled += FIXED;
	for (size_t i = 0; i < life->count; i++) {
		*polled++ = (struct pollfd){.fd = life->logins[i].leader, .events = POLLIN};
		*polled++ = (struct pollfd){.fd = life->logins[i].line, .events = line_events};
	}
	return (size_t)(polled - life->polled);
}

static void hear_polled(struct life *life)
{
	const struct pollfd *polled = life->polled;
	/* before hear_asking(), which may move the array */
	bool asked = polled[LISTENER].revents;

	if (polled[SIGNALS].revents)
		read_signal(life);
	else
		life->blind = 0;
	/* from the last one on: the slot of one that has gone is filled with the last */
	for (size_t i = life->count; i-- > 0;) {
		if (polled[FIXED + 2 * i].revents)
			login_gone(life, &life->logins[i]);
		else if (polled[FIXED + 2 * i + 1].revents)
			hear_line(life, &life->logins[i]);
	}
	if (polled[WATCHED].revents) {
		close(life->watched);
		life->watched = -1;
	}
	if (polled[TIMER].revents) {
		cleanup_close(&life->timer);
		life->timer = -1;
		end_all(life);
	}
	if (polled[ASKING].revents && life->asking >= 0)
		hear_asking(life);
	life->deaf = false;
	if (asked && life->share.listener >= 0) {
		life->asking = accept4(life->share.listener, NULL, NULL, SOCK_CLOEXEC);
		life->deaf = life->asking < 0; /* perhaps no descriptor is left */
	}
}

int pid1_signals(struct error *error)
{
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_errno(error, errno, "PID 1 cannot watch for signals") : fd;
}

int pid1_timer(const struct policy *policy, int *timer, struct error *error)
{
	*timer = -1;
	if (policy->logout != LOGOUT_LINGER)
		return 0;
	*timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	return *timer < 0 ? error_errno(error, errno, "PID 1 cannot have a timer") : 0;
}

/*
 * The stack that setting up the session has used is not needed any more.  Not inlined: everything
 * below this frame is released.
 */
__attribute__((noinline)) static void give_stack_back(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	/* except what this frame and madvise(2) use */
	uintptr_t end = ((uintptr_t)__builtin_frame_address(0) - 1024) & ~(page - 1);

	madvise((void *)(end - 8 * page), 8 * page, MADV_DONTNEED);
}

_Noreturn void pid1_run(const struct pid1 *pid1)
{
	struct life life = {
		.pid1 = pid1,
		.signals = pid1->signals,
		.timer = pid1->timer,
		.share = pid1->share,
		.asking = -1,
		.command = pid1->command,
		.pasta = pid1->pasta,
		.connected = pid1->pasta ? (int)syscall(SYS_pidfd_open, pid1->pasta, 0) : -1,
		.deadline = -1,
		.watched = -1,
	};

	/* otherwise kill(-1) would hit every process of the user's */
	if (getpid() != 1)
		_exit(EXIT_FAILURE);
	life.logins = life.only_login;
	life.polled = life.only_polled;
	life.room = 1;
	take_login(&life, &pid1->login);
	/*
	 * Defence in depth.  If the kernel lacks it, or is out of memory, that is not a reason to
	 * fail: PID 1 has no privilege to lose, and the session has begun.
	 */
	filter_install(&(struct error){0});
	give_stack_back();
	for (;;) {
		int timeout = life.deaf ? LOOK_AGAIN_MS : -1;

		if (life.ending && !watch_somebody(&life, &timeout))
			break;
		if (life.deadline >= 0) {
			int64_t left = life.deadline - clock_ms();

			if (left <= 0)
				break;
			if (timeout < 0 || left < timeout)
				timeout = (int)left;
		}
		if (poll(life.polled, fill_polled(&life), timeout) < 0)
			see_nothing(&life);
		else
			hear_polled(&life);
	}
	/* in this order: the next login, which does not find this session, can have its hostname */
	cleanup_close(&(int){pid1->name});
	shared_socket_withdraw(&life.share);
	_exit(EXIT_SUCCESS);
}
