#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/common/answer.h"
#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "conf/common/fd_message.h"
#include "conf/common/number.h"
#include "conf/common/poll_until.h"
#include "session_number.h"

#define JOINED "joined"
#define CHANGED "changed\n"
#define FAILED "failed\n"
#define DISCONNECTED "disconnected\n"

_Static_assert(KINDS_MAX + 3 <= MESSAGE_FDS_MAX, "one message holds them all");

/* What a rule asks for: the options of nsisolate-init, one after the other. */
struct request {
	char text[sizeof(((struct policy_argv *)0)->text)];
	size_t length;
};

static void describe(const struct policy *policy, struct request *request)
{
	struct policy_argv argv;
	const char *last;

	policy_to_argv(policy, &argv);
	last = argv.option[argv.count - 1];
	request->length = (size_t)(last - argv.text) + strlen(last) + 1;
	memcpy(request->text, argv.text, request->length);
}

void join_way_close(struct join_way *way)
{
	while (way->count)
		cleanup_close(&way->fds[--way->count]);
}

int join_way_namespace(const struct join_way *way, int flags, int kind)
{
	size_t next = 1;

	for (size_t i = 0; i < kinds_count && next < way->count; i++) {
		if (kinds[i].flag == kind)
			return way->fds[next];
		next += !!(flags & kinds[i].flag);
	}
	return -1;
}

int join_way_proc(const struct join_way *way, int flags)
{
	size_t next = 1;

	for (size_t i = 0; i < kinds_count; i++)
		next += !!(flags & kinds[i].flag);
	return next < way->count ? way->fds[next] : -1;
}

/* One that cannot be opened is -1, which sendmsg(2) refuses with EBADF. */
static void add_namespaces(struct join_way *way, int flags)
{
	way->fds[way->count++] = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < kinds_count; i++) {
		char path[32];

		if (!(flags & kinds[i].flag))
			continue;
		snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i].file);
		way->fds[way->count++] = open(path, O_RDONLY | O_CLOEXEC);
	}
}

/* ---- the helper ---- */

static bool says_joined(const char *reply)
{
	return !strncmp(reply, JOINED, strlen(JOINED));
}

static bool is_joined(const char *reply, unsigned *number)
{
	const char *rest = reply + strlen(JOINED);
	long long value = says_joined(reply) && *rest == ' '
				  ? number_parse(rest + 1, SESSION_NUMBER_MAX)
				  : -1;

	*number = value < 0 ? 0 : (unsigned)value;
	return value >= 0;
}

/* Whether /proc is in the way: behind PID 1 alone, or behind all that a user gets. */
static bool leads_to_proc(const struct join_way *way, int flags)
{
	size_t all = 3;

	for (size_t i = 0; i < kinds_count; i++)
		all += !!(flags & kinds[i].flag);
	return way->count == 2 || way->count == all;
}

/* A pidfd of the process that listens at the other end; -1: it is not known. */
static int listener_open(int connection)
{
	struct ucred peer;
	socklen_t length = sizeof peer;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.pid <= 0)
		return -1;
	return (int)syscall(SYS_pidfd_open, peer.pid, 0);
}

/* 0 when PID 1 has answered, or hung up; else a negative errno. */
static int wait_for_answer(int connection)
{
	const int64_t deadline = clock_ms() + JOIN_PATIENCE_MS;
	_cleanup_close_ int listener = -1;
	int result;

	for (;;) {
		result = poll_until(connection, POLLIN, clock_ms() + JOIN_CONTINUE_MS);
		if (result != -ETIMEDOUT || clock_ms() >= deadline)
			return result;
		/* one round later it is still there, so the number was not another process's */
		if (listener >= 0)
			syscall(SYS_pidfd_send_signal, listener, SIGCONT, NULL, 0);
		else
			listener = listener_open(connection);
	}
}

int join_ask(int connection, const struct policy *policy, int leader, int answer,
	struct join_way *way, struct error *error)
{
	const int fds[] = {leader, answer};
	struct request request;
	char reply[24] = "";
	ssize_t length;
	int result;

	describe(policy, &request);
	length = message_send(connection, request.text, request.length, fds, 2);
	if (length == -EPIPE || length == -ECONNRESET)
		return 0; /* it has just ended */
	if (length < 0)
		return error_errno(error, (int)-length, "cannot ask the user's sessions");
	result = wait_for_answer(connection);
	if (result == -ETIMEDOUT)
		return error_set(error, ETIMEDOUT, "the user's other sessions do not answer");
	if (result < 0)
		return error_errno(error, -result, "cannot join the user's sessions");
	way->count = ARRAY_SIZE(way->fds);
	length = message_receive(connection, reply, sizeof reply - 1, way->fds, &way->count, 0);
	if (length < 0 && length != -ECONNRESET)
		return error_errno(error, (int)-length, "cannot join the user's sessions");
	reply[length > 0 ? length : 0] = '\0';
	if (is_joined(reply, &way->number) && leads_to_proc(way, policy->kinds))
		return 1;
	/* made by an older engine: leave it, and make a new one */
	if (says_joined(reply) && way->count)
		*reply = '\0';
	join_way_close(way);
	if (!strcmp(reply, DISCONNECTED)) {
		error_set(error, 0,
			"the network of the user's other sessions has ended: this one is new");
		return 0;
	}
	/*
	 * closed without an answer, or ECONNRESET while the request was unread: the session has
	 * ended
	 */
	if (!*reply || !strcmp(reply, CHANGED))
		return 0;
	return error_set(error, EPROTO, "the user's sessions take no further login");
}

/* ---- PID 1 ---- */

enum join join_receive(int connection, const struct policy *policy, int *leader, int *line)
{
	struct request wanted;
	char text[sizeof wanted.text];
	int fds[2];
	size_t count = 2;
	ssize_t length = message_receive(connection, text, sizeof text, fds, &count, MSG_DONTWAIT);
	enum join result = JOIN_FAILED;

	describe(policy, &wanted);
	if (length > 0 && count == 2)
		result = length == (ssize_t)wanted.length &&
					 !memcmp(text, wanted.text, wanted.length)
				 ? JOIN_SAME
				 : JOIN_CHANGED;
	if (result == JOIN_SAME) {
		*leader = fds[0];
		*line = fds[1];
		return result;
	}
	while (count)
		close(fds[--count]);
	return result;
}

int join_grant(int connection, bool own_userns, const struct policy *policy, int proc)
{
	struct join_way way = {.count = 1};
	char reply[24];
	int result;

	snprintf(reply, sizeof reply, JOINED " %u", policy->number);
	way.fds[0] = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (own_userns)
		add_namespaces(&way, policy->kinds);
	way.fds[way.count++] = proc;
	result = message_send(connection, reply, strlen(reply), way.fds, way.count);
	way.count--; /* the last one stays open here */
	join_way_close(&way);
	return result;
}

void join_refuse(int connection, enum join why)
{
	const char *reply = why == JOIN_CHANGED        ? CHANGED
			    : why == JOIN_DISCONNECTED ? DISCONNECTED
						       : FAILED;

	/* a login that has given up does not need to know */
	message_send(connection, reply, strlen(reply), NULL, 0);
}

int join_answer_ready(int answer, bool own_userns, int flags)
{
	struct join_way way = {.count = 0};
	int result;

	if (own_userns)
		add_namespaces(&way, flags);
	result = answer_send(answer, ANSWER_READY, "", way.fds, way.count);
	join_way_close(&way);
	return result;
}
