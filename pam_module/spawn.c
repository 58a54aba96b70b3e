#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
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

#include "conf/common/answer.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "conf/common/login_facts.h"
#include "conf/common/session_facts.h"
#include "conf/common/settings.h"
#include "fd_above_stdio.h"

/* An answer has some ten: one that never ends would keep us reading. */
#define LINES_MAX 64

/* One line of the answer: answer.h. */
static int take_answer_line(
	int socket, int timeout_ms, struct spawned *spawned, bool *ready, struct error *error)
{
	struct answer answer;
	int pidfd, result;
	size_t count = 1, length;

	result = answer_receive(socket, &answer, &pidfd, &count);
	if (count && spawned->pidfd < 0)
		spawned->pidfd = above_stdio(pidfd);
	else if (count)
		close(pidfd);
	if (result == 0)
		return error_set(error, EPIPE, NSISOLATE_INIT " ended without an answer");
	if (result == -EAGAIN)
		return error_set(error, ETIMEDOUT, NSISOLATE_INIT " did not answer within %d s",
			timeout_ms / 1000);
	if (result == -EBADMSG)
		return error_set(error, EPROTO, NSISOLATE_INIT " answered nonsense");
	if (result < 0)
		return error_errno(error, -result, "cannot read the answer of " NSISOLATE_INIT);
	switch (answer.word) {
	case ANSWER_JOINED:
		spawned->joined = true;
		*ready = true;
		spawned->pid = answer.pid;
		return 0;
	case ANSWER_PID:
		spawned->pid = answer.pid;
		return 0;
	case ANSWER_READY:
		*ready = true;
		return 0;
	case ANSWER_NOTE:
		length = strlen(spawned->note);
		snprintf(spawned->note + length, sizeof spawned->note - length, "%s%.255s",
			length ? "; " : "", answer.text);
		return 0;
	case ANSWER_NUMBER:
		spawned->number = answer.number;
		return 0;
	case ANSWER_STAYS:
		spawned->stays = true;
		return 0;
	case ANSWER_FAILED:
	case ANSWER_LACKING:
		break;
	}
	return answer_error(&answer, error);
}

static int take_answer(int socket, int timeout_ms, struct spawned *spawned, struct error *error)
{
	bool ready = false;
	int result = answer_wait(socket, clock_ms() + timeout_ms);

	if (result < 0 && result != -ETIMEDOUT)
		return error_errno(error, -result, "cannot wait for " NSISOLATE_INIT);
	/* of an answer that is late, too: it may have the pidfd, by which PID 1 is ended */
	result = 0;
	for (int lines = 0; !result && !(ready && spawned->pidfd >= 0); lines++)
		result = lines < LINES_MAX
				 ? take_answer_line(socket, timeout_ms, spawned, &ready, error)
				 : error_set(error, EPROTO, NSISOLATE_INIT " answers without end");
	return result;
}

/* posix_spawn: glibc's shares the caller's memory until the exec, so a big caller costs no more */
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

static void collect_facts(
	struct session_facts *facts, const struct policy *policy, const struct login *login)
{
	/* a shared session has no single service */
	const bool one = policy->scope == SCOPE_SESSION;
	const char *const values[FACTS] = {
		[FACT_USER] = login->user,
		[FACT_RULE] = policy->rule,
		[FACT_ID] = policy->id,
		[FACT_SCOPE] = settings[KEY_SCOPE].words[policy->scope],
		[FACT_HOSTNAME] = policy->hostname,
		[FACT_SERVICE] = one ? login->service : NULL,
		[FACT_TTY] = one ? login->tty : NULL,
		[FACT_FROM] = one ? login->rhost : NULL,
	};

	session_facts_write(facts, values);
}

/* The helper has nothing left to do; a stopped one would otherwise keep us waiting. */
static void end_helper(pid_t helper)
{
	kill(helper, SIGKILL);
	child_wait(helper, NULL);
}

int spawn_init(struct spawned *spawned, const struct policy *policy, const struct login *login,
	ino_t mount, struct error *error)
{
	struct spawned answer = {.pidfd = -1, .line = -1};
	struct policy_argv options;
	struct session_facts facts;
	char title[SESSION_TITLE_MAX], host_mount[48], uid[24], gid[24];
	char *argv[POLICY_OPTIONS_MAX + 6], **word = argv;
	int sockets[2], result;
	pid_t helper;

	session_title_write(title, login->user, policy->rule,
		policy->scope == SCOPE_USER ? "shared" : login->service);
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
	result = start_helper(&helper, argv, facts.environment, sockets[1], error);
	close(sockets[1]);
	if (!result) {
		result = take_answer(sockets[0],
			policy->scope == SCOPE_USER || policy->network == NETWORK_USER
				? SPAWN_SHARED_MS
				: SPAWN_TIMEOUT_MS,
			&answer, error);
		end_helper(helper);
	}
	answer.line = above_stdio(sockets[0]);
	if (!result && answer.line < 0)
		result = error_errno(error, errno, "cannot keep the line to PID 1");
	if (result < 0) {
		/*
		 * the session that it joined serves other logins; closing the socket is enough
		 * there
		 */
		if (!answer.joined)
			spawn_signal(&answer, SIGKILL);
		spawn_close(&answer);
		return result;
	}
	/* what describes a shared session says nothing about one login */
	if (policy->scope == SCOPE_USER)
		login_facts_leave(answer.line, login->service, login->rhost, login->tty);
	*spawned = answer;
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
