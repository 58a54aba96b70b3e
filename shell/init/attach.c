#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/common/answer.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"
#include "pid1.h"
#include "shell/common/descriptors.h"
#include "shell/common/drop.h"
#include "shell/common/signals.h"
#include "shell/init/mounts/hosts.h"
#include "shell/init/mounts/other_procfs.h"
#include "shell/init/shared/join.h"
#include "shell/init/shared/session_number.h"
#include "shell/init/shared/socket.h"
#include "shell/init/shared/systemd_scope.h"

/*
 * The socket to the process that started us.  PID 1 keeps it for life: being made by root
 * distinguishes its session from one that a user faked, see origin.c in shell/ctl.
 */
#define ANSWER STDOUT_FILENO

/*
 * The process of a pidfd, as numbered in the leader's namespace: proc(5), /proc/PID/fdinfo.  0: it
 * has ended.
 */
static pid_t pid_of(int pidfd)
{
	char path[40], text[512];
	const char *found;
	ssize_t length;
	_cleanup_close_ int info = -1;

	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	length = info < 0 ? -1 : read(info, text, sizeof text - 1);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	found = strstr(text, "\nPid:\t");
	return found && atoi(found + 6) > 0 ? atoi(found + 6) : 0;
}

/*
 * Whether PID 1's namespaces can no longer be joined: it leaves them when it ends, but its pidfd
 * becomes readable only when all processes inside have been reaped, which others may be slow to do.
 */
static bool has_left(int pidfd)
{
	return setns(pidfd, CLONE_NEWNS) < 0 && errno == ESRCH;
}

static int answer_note(const struct error *error)
{
	return *error->text ? answer_send(ANSWER, ANSWER_NOTE, error->text, NULL, 0) : 0;
}

/* For the log only, as a note is; a leader that has gone is noticed at the last line. */
static void answer_number(const struct policy *policy)
{
	if (policy->number > 1)
		answer_send_number(ANSWER, policy->number);
}

static int answer_failed(const struct error *error)
{
	answer_send_error(ANSWER, error);
	return EXIT_FAILURE;
}

/* The pidfd of our parent, unless it has exited and we were reparented. */
static int leader_open(struct error *error)
{
	pid_t leader = getppid();
	int fd = (int)syscall(SYS_pidfd_open, leader, 0);

	if (leader == 0)
		return error_set(error, ESRCH, "the leader is outside of this PID namespace");
	if (fd < 0)
		return error_errno(error, errno, "cannot watch the leader, process %d", leader);
	if (getppid() != leader) {
		close(fd);
		return error_set(error, ESRCH, "the leader, process %d, has ended", leader);
	}
	return fd;
}

/* The namespaces exist as long as this process: until the leader has joined or given up. */
static int hold_namespaces(void)
{
	char byte;

	while (read(ANSWER, &byte, 1) < 0 && errno == EINTR)
		;
	return EXIT_SUCCESS;
}

/* In PID 1 of a session that further logins will join. */
static int prepare_share(struct shared_socket *share, struct error *error)
{
	struct rlimit files;

	if (share->directory < 0)
		return 0;
	/* two descriptors per login */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return shared_socket_keep(share, error);
}

/* What PID 1 gets from the helper. */
struct first {
	struct job *job;
	int leader;
	int name; /* what keeps the hostname: session_number.h; -1: nothing */
	const struct shared_socket *share;
};

/* Which process this is, before it does anything that could take long: so it can be ended. */
static int answer_pid(pid_t pid, struct error *error)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int result;

	if (pidfd < 0)
		return error_errno(error, errno, "PID 1 cannot tell which process it is");
	result = answer_send_pid(ANSWER, ANSWER_PID, pid, &pidfd, 1);
	return result < 0 ? error_errno(error, -result, "the leader does not listen") : 0;
}

static int first_process(void *data, pid_t pid)
{
	static const struct rlimit any_size = {RLIM_INFINITY, RLIM_INFINITY};
	const struct first *first = data;
	const struct setup *setup = &first->job->setup;
	struct error error = {0};
	struct pid1 pid1 = {
		.policy = &setup->policy,
		.login = {first->leader, ANSWER},
		.share = *first->share,
		.name = first->name,
		.proc = -1,
		.own_userns = setup->own_userns,
	};
	int result;

	signals_set(SIGNALS_ALL, NULL);
	/*
	 * pam_limits may have limited the size of files that the user writes; /etc/hosts is not one
	 * of them
	 */
	setrlimit(RLIMIT_FSIZE, &any_size);
	/* away from the leader's terminal: its ^C is not meant for PID 1 */
	setsid();
	result = answer_pid(pid, &error);
	if (!result)
		result = prepare_share(&pid1.share, &error);
	if (!result)
		result = setup_session(setup, &pid1.pasta, &error);
	if (!result && !setup->own_userns)
		result = answer_note(&error);
	/* before any process of the user's could cover it */
	if (!result && pid1.share.directory >= 0) {
		pid1.proc = procfs_open(&error);
		result = pid1.proc < 0 ? pid1.proc : 0;
	}
	if (!result)
		result = drop_dumpable(&error);
	if (!result)
		result = drop_new_privileges(&error);
	if (!result) {
		result = pid1_signals(&error);
		pid1.signals = result;
	}
	if (result >= 0)
		result = pid1_timer(&setup->policy, &pid1.timer, &error);
	if (result < 0) {
		shared_socket_withdraw(&pid1.share);
		return answer_failed(&error);
	}
	title_shorten(&first->job->title);
	result = setup->own_userns ? join_answer_ready(ANSWER, true, setup->policy.kinds)
				   : answer_send(ANSWER, ANSWER_READY, "", NULL, 0);
	if (result < 0)
		return EXIT_FAILURE;
	if (!(setup->policy.kinds & CLONE_NEWPID))
		return hold_namespaces();
	pid1_run(&pid1);
}

/* How PID 1 can tell that its namespaces are new. */
static int know_host(struct setup *setup, struct error *error)
{
	struct namespaces_host *host = &setup->host;

	/* the leader has a new mount namespace, with its working directory and root */
	if (!setup->own_userns && (setup->policy.kinds & CLONE_NEWNS) &&
		!namespaces_is_new(host, "mnt", host->mnt, error))
		return -EINVAL;
	host->first = setup->policy.kinds & CLONE_NEWPID;
	if (host->first)
		return 0;
	host->uts = namespace_inode("uts", error);
	return host->uts ? 0 : -ENOENT;
}

/* Returns only on failure: this process ends where PID 1 begins, and that answers. */
static int make_session(
	struct job *job, int leader, const struct shared_socket *share, struct error *error)
{
	struct first first = {job, leader, -1, share};
	int flags = setup_flags(&job->setup), result = know_host(&job->setup, error);
	struct error why;

	if (!result)
		result = setup_prepare(&job->setup, error);
	if (result < 0)
		return result;
	first.name = session_number_take(
		&job->setup.policy, job->setup.uid, job->setup.own_userns, &why);
	answer_number(&job->setup.policy);
	answer_note(&why);
	if (!job->setup.own_userns)
		flags &= ~CLONE_NEWNS;
	job->setup.become = !job->setup.own_userns;
	return namespaces_start(flags, first_process, &first, error);
}

/*
 * All in one message: the leader must never take this PID 1 for one that it made itself, which it
 * ends when something fails.  The module gets the pidfd, a user the namespaces; the accompanying
 * descriptor keeps the session alive until the leader has joined.
 */
static int answer_joined(
	const struct join_way *way, pid_t pid, bool own_userns, struct error *error)
{
	const size_t first = own_userns ? 1 : 0, count = own_userns ? way->count - 1 : 1;
	int result = answer_send_pid(ANSWER, ANSWER_JOINED, pid, way->fds + first, count);

	return result < 0 ? error_errno(error, -result, "the leader does not listen") : 0;
}

/*
 * Covers what was mounted in the shared session's mount namespace since it began, which PID 1 no
 * longer has the right to do.  For a user the runner does it (run.c), as it also joins the user
 * namespace.  Not inlined: a PID 1 keeps the stack that its helper has when it begins.
 */
__attribute__((noinline)) static int cover_in_shared_session(
	const struct join_way *way, const struct setup *setup, struct error *error)
{
	struct hosts_files hosts;
	int result;
	_cleanup_close_ int host = procfs_open(error);

	if (host < 0)
		return host;
	/* not essential: without it the session keeps its file */
	hosts_make(&setup->policy, &hosts, &(struct error){0});
	if (setns(way->fds[0], CLONE_NEWNS) < 0) {
		hosts_free(&hosts);
		return error_errno(
			error, errno, "cannot look at the mounts of the user's sessions");
	}
	result = other_procfs_cover(way->fds[way->count - 1], host, setup->uid, false, error);
	if (!result)
		result = hosts_renew(&hosts, way->fds[0], error);
	hosts_free(&hosts);
	return result;
}

/*
 * PID 1 will also serve other logins, and should not end with this one.  Units of a user's manager
 * end with the last login: not the place for what lingers.
 */
static bool can_leave_unit(const struct job *job)
{
	const struct setup *setup = &job->setup;

	return !job->stay && (!setup->own_userns || (setup->policy.logout != LOGOUT_LINGER &&
							    unit_has_manager(setup->uid)));
}

/* 0: make the new shared session in this unit. */
static pid_t leave_unit(const struct job *job, const struct unit_hand *hand)
{
	struct error why = {0};
	pid_t pid = 0;

	if (job->moved || !unit_ends_with_login())
		return 0;
	if (can_leave_unit(job))
		pid = unit_leave(job->arguments, job->setup.own_userns, hand, &why);
	/* for the log only; a leader that does not listen is noticed when the session answers */
	if (!pid && answer_send(ANSWER, ANSWER_STAYS, "", NULL, 0) == 0)
		answer_note(&why);
	return pid;
}

/*
 * Lets the login into the shared session of the user's other logins; the first login makes it.  Not
 * inlined, for the same reason.
 */
__attribute__((noinline)) static int share_session(
	struct job *job, int leader, int lock, struct error *error)
{
	struct setup *setup = &job->setup;
	struct shared_socket share;
	struct join_way way = {.count = 0};
	_cleanup_close_ int connection = -1;
	int joined = 0, result;
	pid_t moved;

	result = shared_socket_open(
		&share, setup->uid, setup->policy.rule, setup->own_userns, lock, error);
	if (result < 0)
		return result;
	connection = shared_socket_connect(&share, error);
	if (connection < 0 && connection != -ENOENT)
		return connection;
	if (connection >= 0)
		joined = join_ask(connection, &setup->policy, leader, ANSWER, &way, error);
	if (joined < 0)
		return joined;
	if (connection >= 0 && !joined)
		answer_note(error);
	if (joined) {
		pid_t pid = pid_of(way.fds[0]); /* as numbered in the host's /proc */

		setup->policy.number = way.number;
		answer_number(&setup->policy);
		result = setup->own_userns ? 0 : cover_in_shared_session(&way, setup, error);
		/* a shared session exists: not a reason to go without one */
		error->lacking = false;
		/* the leader cannot join it either, and asks for a new one */
		if (result < 0 && has_left(way.fds[0]))
			result = 0;
		return result < 0 ? result : answer_joined(&way, pid, setup->own_userns, error);
	}
	moved = leave_unit(job, &(struct unit_hand){ANSWER, leader, share.directory});
	if (moved) {
		child_wait(moved, NULL); /* which answers */
		return 0;
	}
	result = shared_socket_listen(&share, error);
	if (!result)
		result = make_session(job, leader, &share, error);
	if (result < 0)
		shared_socket_withdraw(&share);
	return result;
}

int attach_run(struct job *job)
{
	struct error error = {0};
	struct unit_hand hand = {.answer = ANSWER, .lock = -1};
	int keep[3], result;

	if (!job->moved)
		hand.leader = leader_open(&error);
	else if (unit_arrive(&hand) < 0)
		return EXIT_FAILURE;
	keep[0] = hand.answer;
	keep[1] = hand.leader;
	keep[2] = hand.lock;
	if (hand.leader < 0 || descriptors_keep(keep, 3, &error) < 0)
		return answer_failed(&error);
	if (chdir("/") < 0) {
		error_errno(&error, errno, "cannot go to /");
		return answer_failed(&error);
	}
	if (job->setup.policy.scope == SCOPE_USER)
		result = share_session(job, hand.leader, hand.lock, &error);
	else
		result = make_session(job, hand.leader, &SHARED_SOCKET_NONE, &error);
	return result < 0 ? answer_failed(&error) : EXIT_SUCCESS;
}
