#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "conf/common/settings.h"
#include "fd_above_stdio.h"

/* What nsisolate-init has answered so far, see attach in shell/init/job.h. */
struct answer {
	struct spawned spawned;
	bool ready;
};

/* Waits until @fd can be read. */
static int wait_readable(int fd, int64_t deadline, struct error *error)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline - clock_ms();
		int count = poll(&readable, 1, left > 0 ? (int)left : 0);

		if (count > 0)
			return 0;
		if (count == 0)
			return error_set(error, ETIMEDOUT,
				NSISOLATE_INIT " did not answer within %d s",
				SPAWN_TIMEOUT_MS / 1000);
		if (errno != EINTR)
			return error_errno(error, errno, "cannot wait for " NSISOLATE_INIT);
	}
}

/*
 * Takes the descriptor that came with the message into the answer.  Others, of which there is room
 * for one in the message's padding, are closed: no engine of ours sends any.
 */
static void take_pidfd(struct answer *answer, struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	const unsigned char *next;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return;
	next = CMSG_DATA(header);
	for (size_t left = header->cmsg_len - CMSG_LEN(0); left >= sizeof(int);
		left -= sizeof(int), next += sizeof(int)) {
		int fd;

		memcpy(&fd, next, sizeof fd);
		if (answer->spawned.pidfd < 0)
			answer->spawned.pidfd = above_stdio(fd);
		else
			close(fd);
	}
}

/* One message of the answer. */
static int take_message(int socket, struct answer *answer, struct error *error)
{
	char line[sizeof error->text + 16];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec text = {.iov_base = line, .iov_len = sizeof line - 1};
	struct msghdr message = {.msg_iov = &text,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control};
	ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

	if (length < 0)
		return error_errno(error, errno, "cannot read the answer of " NSISOLATE_INIT);
	take_pidfd(answer, &message);
	if (length == 0)
		return error_set(error, EPIPE, NSISOLATE_INIT " ended without an answer");
	if (line[length - 1] == '\n')
		length--;
	line[length] = '\0';
	if (sscanf(line, "pid %d", &answer->spawned.pid) == 1)
		return 0;
	if (!strncmp(line, "failed ", 7) && line[7])
		return error_set(error, EPROTO, "%s", line + 7);
	if (!strncmp(line, "lacking ", 8) && line[8]) {
		error_set(error, EPROTO, "%s", line + 8);
		error->lacking = true;
		return -EPROTO;
	}
	if (!strncmp(line, "note ", 5)) {
		snprintf(answer->spawned.note, sizeof answer->spawned.note, "%.255s", line + 5);
		return 0;
	}
	answer->spawned.joined = sscanf(line, "joined %d", &answer->spawned.pid) == 1;
	answer->ready = answer->spawned.joined || !strcmp(line, "ready");
	if (!answer->ready)
		return error_set(error, EPROTO, NSISOLATE_INIT " answered nonsense");
	return 0;
}

static int take_answer(int socket, struct answer *answer, struct error *error)
{
	int64_t deadline = clock_ms() + SPAWN_TIMEOUT_MS;
	int result = 0;

	/*
	 * of a new session two answer, in either order: the helper with the pidfd, PID 1 when ready
	 */
	while (!result && !(answer->ready && answer->spawned.pidfd >= 0)) {
		result = wait_readable(socket, deadline, error);
		if (!result)
			result = take_message(socket, answer, error);
	}
	return result;
}

/* posix_spawn: glibc's shares the caller's memory until the exec, so a big caller costs no more. */
static int start_helper(
	pid_t *helper, char **argv, char **environment, int answer, struct error *error)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int result;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	result = posix_spawn_file_actions_adddup2(&actions, answer, STDOUT_FILENO);
	if (!result)
		result = posix_spawn(
			helper, NSISOLATE_INIT, &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (!result)
		return 0;
	error_errno(error, result, "cannot run " NSISOLATE_INIT);
	error->lacking = result == ENOENT || result == EACCES; /* not installed */
	return -result;
}

/*
 * What `nsisolatectl list` tells of the session, kept where nobody but root can read or change it:
 * in the environment of PID 1, which is not dumpable.
 */
struct facts {
	char text[1024];
	char *list[10];
};

static void add_fact(
	struct facts *facts, size_t *used, int *count, const char *name, const char *value)
{
	char *fact = facts->text + *used;
	int length;

	if (!value || !*value)
		return;
	length = snprintf(fact, sizeof facts->text - *used, "%s=%s", name, value);
	if (length < 0 || (size_t)length >= sizeof facts->text - *used)
		return; /* oversized value: omit; the log keeps a prefix */
	facts->list[(*count)++] = fact;
	*used += (size_t)length + 1;
}

static void collect_facts(
	struct facts *facts, const struct policy *policy, const struct login *login)
{
	char leader[16];
	size_t used = 0;
	int count = 0;

	snprintf(leader, sizeof leader, "%d", getpid());
	add_fact(facts, &used, &count, "user", login->user);
	add_fact(facts, &used, &count, "rule", policy->rule);
	add_fact(facts, &used, &count, "id", policy->id);
	add_fact(facts, &used, &count, "scope", settings[KEY_SCOPE].words[policy->scope]);
	add_fact(facts, &used, &count, "hostname", policy->hostname);
	/* what many logins share is of no one service */
	if (policy->scope == SCOPE_SESSION) {
		add_fact(facts, &used, &count, "service", login->service);
		add_fact(facts, &used, &count, "leader", leader);
		add_fact(facts, &used, &count, "tty", login->tty);
		add_fact(facts, &used, &count, "from", login->rhost);
	}
	facts->list[count] = NULL;
}

/* The helper has nothing left to do; a stopped one would keep us waiting otherwise. */
static void end_helper(pid_t helper)
{
	kill(helper, SIGKILL);
	child_wait(helper, NULL);
}

int spawn_init(struct spawned *spawned, const struct policy *policy, const struct login *login,
	ino_t mount, struct error *error)
{
	struct answer answer = {.spawned = {.pidfd = -1, .line = -1}};
	struct policy_argv options;
	struct facts facts;
	char title[256], host_mount[48], uid[24], gid[24];
	char *argv[POLICY_OPTIONS_MAX + 6], **word = argv;
	int sockets[2], result;
	pid_t helper;

	snprintf(title, sizeof title, "nsisolate-init: %s %s %s", login->user, policy->rule,
		policy->scope == SCOPE_USER ? "shared"
		: login->service            ? login->service
					    : "-");
	snprintf(host_mount, sizeof host_mount, "--host-mount=%llu", (unsigned long long)mount);
	snprintf(uid, sizeof uid, "--uid=%u", login->uid);
	snprintf(gid, sizeof gid, "--gid=%u", login->gid);
	policy_to_argv(policy, &options);
	*word++ = title;
	*word++ = (char *)"--attach";
	*word++ = uid;
	*word++ = gid;
	if (mount)
		*word++ = host_mount;
	memcpy(word, options.option, ((size_t)options.count + 1) * sizeof *word);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(error, errno, "cannot make a socket");
	collect_facts(&facts, policy, login);
	result = start_helper(&helper, argv, facts.list, sockets[1], error);
	close(sockets[1]);
	if (!result) {
		result = take_answer(sockets[0], &answer, error);
		end_helper(helper);
	}
	answer.spawned.line = above_stdio(sockets[0]);
	if (!result && answer.spawned.line < 0)
		result = error_errno(error, errno, "cannot keep the line to PID 1");
	if (result < 0) {
		/* others are in what it joined; to hang up is enough there */
		if (!answer.spawned.joined)
			spawn_signal(&answer.spawned, SIGKILL);
		spawn_close(&answer.spawned);
		return result;
	}
	*spawned = answer.spawned;
	return 0;
}

void spawn_hang_up(const struct spawned *spawned)
{
	shutdown(spawned->line, SHUT_RDWR);
}

int spawn_signal(const struct spawned *spawned, int signum)
{
	if (spawned->pidfd < 0)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, spawned->pidfd, signum, NULL, 0) < 0 ? -errno : 0;
}

void spawn_close(struct spawned *spawned)
{
	cleanup_close(&spawned->pidfd);
	cleanup_close(&spawned->line);
	spawned->pidfd = spawned->line = -1;
}
