#include "run.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/common/answer.h"
#include "conf/common/array.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "conf/common/login_facts.h"
#include "join.h"
#include "shell/common/drop.h"
#include "shell/common/signals.h"
#include "shell/init/mounts/hosts.h"
#include "shell/init/mounts/other_procfs.h"

/* How long making the shared session, or letting us in, may take. */
#define TIMEOUT_MS 10000

/* How often the shared session may end just before this login is in. */
#define ATTEMPTS 5

/* What the runner reports when it has done what it can. */
struct report {
	pid_t command;
	int error; /* or an errno, with its message */
	char text[sizeof(((struct error *)0)->text)];
};

/* ---- the helper ---- */

/* This command line as one that attaches: without the command. */
static char **attach_arguments(char **arguments)
{
	size_t count = 0;
	char **argv, **word;

	while (arguments[count])
		count++;
	argv = word = calloc(count + 2, sizeof *argv);
	if (!argv)
		return NULL;
	*word++ = *arguments++;
	*word++ = (char *)"--attach";
	while (*arguments && strcmp(*arguments, "--") != 0)
		*word++ = *arguments++;
	return argv;
}

static _Noreturn void helper(struct job *job, int answer)
{
	signals_set(SIGNALS_NONE, NULL);
	if (answer != STDOUT_FILENO && dup2(answer, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	job->arguments = attach_arguments(job->arguments);
	_exit(job->arguments ? attach_run(job) : EXIT_FAILURE);
}

/* Handles one line of the answer (answer.h); 1: it was the last. */
static int take_line(int line, struct join_way *way, struct log *log, struct error *error)
{
	struct answer answer;
	int result;

	way->count = ARRAY_SIZE(way->fds);
	result = answer_receive(line, &answer, way->fds, &way->count);
	if (result <= 0)
		join_way_close(way);
	if (result == 0)
		return error_set(error, ESRCH, "the user's sessions ended before this one was in");
	if (result == -EAGAIN)
		return error_errno(
			error, ETIMEDOUT, "the user's other sessions do not let this one in");
	if (result < 0)
		return error_errno(error, -result, "cannot hear of the user's sessions");
	switch (answer.word) {
	case ANSWER_JOINED:
	case ANSWER_PID:
		log->session.init = answer.pid;
		log->session.joined = answer.word == ANSWER_JOINED;
		break;
	case ANSWER_NUMBER:
		way->number = answer.number;
		break;
	case ANSWER_STAYS:
		log->session.stays = true;
		break;
	case ANSWER_NOTE:
		log_note(log, answer.text);
		break;
	case ANSWER_READY:
	case ANSWER_FAILED:
	case ANSWER_LACKING:
		break;
	}
	if (answer.word == ANSWER_JOINED || answer.word == ANSWER_READY)
		return 1;
	join_way_close(way); /* of `pid`, PID 1's: not needed */
	return answer.word == ANSWER_FAILED || answer.word == ANSWER_LACKING
		       ? answer_error(&answer, error)
		       : 0;
}

static int wait_for_shared_session(int line, struct error *error)
{
	int result = answer_wait(line, clock_ms() + TIMEOUT_MS);

	/* of one that is late, take_line() tells */
	return result < 0 && result != -ETIMEDOUT
		       ? error_errno(error, -result, "cannot wait for the user's sessions")
		       : 0;
}

/* Finds or makes the shared session: closing @outer->line ends this login, @way leads inside. */
static int find_shared_session(
	struct job *job, struct supervisor *outer, struct join_way *way, struct error *error)
{
	int sockets[2], result;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(error, errno, "cannot make a socket");
	pid = fork();
	if (pid == 0)
		helper(job, sockets[1]);
	close(sockets[1]);
	result = pid < 0 ? error_errno(error, errno, "cannot fork") : 0;
	if (!result)
		result = wait_for_shared_session(sockets[0], error);
	while (!result)
		result = take_line(sockets[0], way, &outer->log, error);
	if (pid > 0) {
		/* it has nothing left to do; a stopped one would keep us waiting */
		kill(pid, SIGKILL);
		child_wait(pid, NULL);
	}
	if (result < 0)
		close(sockets[0]);
	else
		outer->line = sockets[0];
	return result < 0 ? result : 0;
}

/* ---- the runner ---- */

static int join_kinds(const struct join_way *way, int flags, struct error *error)
{
	size_t next = 1;

	/* first the user namespace, in which we have the right to join the others */
	if (!way->count || setns(way->fds[0], CLONE_NEWUSER) < 0)
		return error_errno(error, way->count ? errno : EPROTO,
			"cannot join the user namespace of the user's sessions");
	for (size_t i = 0; i < kinds_count; i++) {
		if (!(flags & kinds[i].flag))
			continue;
		if (next >= way->count || setns(way->fds[next], kinds[i].flag) < 0)
			return error_errno(error, next < way->count ? errno : EPROTO,
				"cannot join the %s namespace of the user's sessions",
				kinds[i].name);
		next++;
	}
	return 0;
}

/* Joining a mount namespace leads to its root, setns(2). */
static int join_as(
	const struct join_way *way, int flags, const struct hosts_files *hosts, struct error *error)
{
	struct stat root, there;
	_cleanup_free_ char *directory = getcwd(NULL, 0);
	_cleanup_close_ int host = procfs_open(error);
	int result, proc = join_way_proc(way, flags);

	if (host < 0)
		return host;
	if (stat("/", &root) < 0)
		return error_errno(error, errno, "cannot look at /");
	result = join_kinds(way, flags, error);
	if (result < 0)
		return result;
	if (stat("/", &there) < 0 || there.st_dev != root.st_dev || there.st_ino != root.st_ino)
		return error_set(error, EXDEV,
			"the user's other sessions have another root directory than this one");
	/* -1: we have just made the session */
	result = proc < 0 ? 0 : other_procfs_cover(proc, host, getuid(), true, error);
	if (!result && proc >= 0)
		result = hosts_renew(hosts, join_way_namespace(way, flags, CLONE_NEWNS), error);
	if (result < 0) {
		error->lacking = false;
		return result;
	}
	if (!directory || chdir(directory) < 0)
		dprintf(STDERR_FILENO, INIT_NAME ": %s: not there in the session: starting in /\n",
			directory ? directory : "the working directory");
	return drop_capabilities(error);
}

static int join(const struct join_way *way, const struct policy *policy, struct error *error)
{
	struct hosts_files hosts;
	int result;

	/* not essential: without it the session keeps its file */
	hosts_make(policy, &hosts, &(struct error){0});
	result = join_as(way, policy->kinds, &hosts, error);
	hosts_free(&hosts);
	return result;
}

static _Noreturn void runner(
	const struct job *job, const struct command *command, const struct join_way *way, int line)
{
	struct report report = {0};
	struct error error = {0};
	int result = join(way, &job->setup.policy, &error);

	if (!result) {
		report.command = command_start(command, CLONE_PARENT, &error);
		result = report.command;
	}
	if (result < 0) {
		report.error = -result;
		snprintf(report.text, sizeof report.text, "%s", error.text);
	}
	_exit(send(line, &report, sizeof report, MSG_NOSIGNAL) < 0);
}

/* Returns the command's pid: our child. */
static pid_t run_in_set(const struct job *job, const struct command *command,
	const struct join_way *way, struct supervisor *outer, struct error *error)
{
	struct report report;
	ssize_t length;
	int sockets[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(error, errno, "cannot make a socket");
	pid = fork();
	if (pid == 0)
		runner(job, command, way, sockets[1]);
	close(sockets[1]);
	length = pid < 0 ? -1 : recv(sockets[0], &report, sizeof report, 0);
	close(sockets[0]);
	if (pid < 0)
		return error_errno(error, errno, "cannot fork");
	child_wait(pid, NULL);
	/* one that died without a message may have begun the command: do not run it again */
	if (length != sizeof report)
		supervisor_end(outer, SIGKILL);
	if (report.error)
		return error_set(error, report.error, "%s", report.text);
	return report.command;
}

static int try_start(struct job *job, const struct command *command, struct supervisor *outer,
	struct error *error)
{
	struct join_way way = {.count = 0};
	int result = find_shared_session(job, outer, &way, error);

	if (result < 0)
		return result;
	job->setup.policy.number = way.number;
	log_number(&outer->log, &job->setup.policy);
	login_facts_leave(outer->line, LOG_SERVICE, job->from, NULL);
	log_namespace(&outer->log, join_way_namespace(&way, job->setup.policy.kinds, CLONE_NEWPID));
	result = run_in_set(job, command, &way, outer, error);
	join_way_close(&way);
	if (result > 0) {
		outer->command = result;
		return 0;
	}
	cleanup_close(&outer->line);
	outer->line = -1;
	/* fork(2) fails with ENOMEM where PID 1 has ended: pid_namespaces(7) */
	return result == -ENOMEM ? -ESRCH : result;
}

int shared_start(struct job *job, const struct command *command, struct supervisor *outer,
	struct error *error)
{
	int attempts = ATTEMPTS, result;

	do {
		result = try_start(job, command, outer, error);
		/* perhaps because systemd did not give the session a scope of its own */
		job->stay = true;
	} while (result == -ESRCH && --attempts);
	return result;
}
