#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"
#include "pid1.h"
#include "shell/common/descriptors.h"
#include "shell/common/drop.h"
#include "shell/init/shared/run.h"
#include "shell/init/shared/session_number.h"
#include "supervisor.h"

/* ---- inside ---- */

static int send_failed(int outer, const struct error *error)
{
	struct pid1_message message = {.what = PID1_FAILED, .number = error->lacking};

	snprintf(message.text, sizeof message.text, "%s", error->text);
	send(outer, &message, sizeof message, MSG_NOSIGNAL);
	return EXIT_FAILURE;
}

static int first_process(struct job *job, struct command *command, int outer, int name)
{
	struct pid1_message ready = {.what = PID1_READY, .number = 0};
	struct pid1 pid1 = {
		.policy = &job->setup.policy,
		.login = {-1, outer},
		.share = SHARED_SOCKET_NONE,
		.name = name,
		.counts = job->log_user,
	};
	struct error error = {0}, note;
	int keep[4];

	if (setup_session(&job->setup, &pid1.pasta, &error) < 0)
		return send_failed(outer, &error);
	note = error;
	if (drop_dumpable(&error) < 0)
		return send_failed(outer, &error);
	pid1.signals = pid1_signals(&error);
	if (pid1.signals < 0 || pid1_timer(pid1.policy, &pid1.timer, &error) < 0)
		return send_failed(outer, &error);
	keep[0] = outer;
	keep[1] = pid1.signals;
	keep[2] = pid1.timer;
	keep[3] = name;
	pid1.command = command_start(command, 0, &error);
	if (pid1.command < 0)
		return send_failed(outer, &error);
	/*
	 * A process group that is not a job: keys and signals there are not meant for PID 1.  The
	 * command has its own, which can be stopped as long as its parent is in its session; or it
	 * stays in the caller's, which must not become orphaned, as it could not be stopped then
	 * (setpgid(2)).
	 */
	if (command->terminal >= 0)
		setpgid(0, 0);
	else
		setsid();
	/* the command has begun: from here on no error may claim that it can be run otherwise */
	if (drop_new_privileges(&error) < 0 || descriptors_keep(keep, 4, &error) < 0 ||
		chdir("/") < 0)
		return EXIT_FAILURE;
	title_shorten(&job->title);
	command_release(command);
	/* for the log only, which goes without if this fails */
	if (job->log_user)
		ready.number = (long long)namespace_inode("pid", NULL);
	snprintf(ready.text, sizeof ready.text, "%s", note.text);
	send(outer, &ready, sizeof ready, MSG_NOSIGNAL);
	pid1_run(&pid1);
}

/* ---- outside ---- */

/*
 * Without a PID namespace there is no PID 1 and nothing to wait for: this process itself enters the
 * other namespaces and becomes the command.  A failure halfway cannot be undone, so where a failure
 * must let the command run un-isolated, a child tries first.
 */
static int enter_in_place(struct job *job, struct error *error)
{
	int result = setup_prepare(&job->setup, error);
	pid_t none;

	if (!result)
		result = namespaces_unshare(setup_flags(&job->setup), error);
	return result < 0 ? result : setup_session(&job->setup, &none, error);
}

static int try_in_place(struct job *job, struct error *error)
{
	int sockets[2];
	ssize_t length;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(error, errno, "cannot make a socket");
	pid = fork();
	if (pid == 0) {
		if (enter_in_place(job, error) < 0)
			send(sockets[1], error, sizeof *error, MSG_NOSIGNAL);
		_exit(EXIT_SUCCESS);
	}
	close(sockets[1]);
	length = pid < 0 ? -1 : recv(sockets[0], error, sizeof *error, 0);
	close(sockets[0]);
	if (pid < 0)
		return error_errno(error, errno, "cannot fork");
	child_wait(pid, NULL);
	return length == 0 ? 0 : -EPROTO;
}

/* Whether the rule lets the command run un-isolated if it must; uid 0 is never locked out. */
static bool may_go_without(const struct job *job)
{
	return job->setup.policy.on_error == ON_ERROR_ALLOW || getuid() == 0;
}

static int without_session(
	struct job *job, const struct command *command, const struct error *error)
{
	/* except for root: never if the user may have caused it */
	bool allowed = getuid() == 0 || (may_go_without(job) && error->lacking);

	log_failed(job->log_user, allowed, error->text);
	dprintf(STDERR_FILENO, INIT_NAME ": this session is not isolated%s: %s\n",
		allowed ? "" : ", so it is refused", error->text);
	if (!allowed)
		return EXIT_FAILURE;
	command_exec(command);
}

static int in_place_run(struct job *job, const struct command *command)
{
	struct error error = {0};
	struct log log;

	log_start(&log, &job->setup.policy, job->log_user, job->from);
	if (may_go_without(job) && try_in_place(job, &error) < 0)
		return without_session(job, command, &error);
	if (enter_in_place(job, &error) < 0) {
		log_failed(job->log_user, false, error.text);
		dprintf(STDERR_FILENO, INIT_NAME ": this session is refused: %s\n", error.text);
		return EXIT_FAILURE;
	}
	log_note(&log, error.text);
	log_opened(&log);
	command_exec(command);
}

static int session_start(
	struct job *job, struct command *command, struct supervisor *outer, struct error *error)
{
	int sockets[2], pidfd, result;
	struct pid1_message message;
	struct policy *policy = &job->setup.policy;
	struct error why;
	pid_t pid;
	_cleanup_close_ int name =
		session_number_take(policy, job->setup.uid, job->setup.own_userns, &why);

	log_number(&outer->log, policy);
	log_note(&outer->log, why.text);
	result = setup_prepare(&job->setup, error);
	if (result < 0)
		return result;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(error, errno, "cannot make a socket");
	pid = namespaces_clone(setup_flags(&job->setup), &pidfd, error);
	if (pid == 0) {
		close(sockets[0]);
		_exit(first_process(job, command, sockets[1], name));
	}
	close(sockets[1]);
	if (pid < 0) {
		close(sockets[0]);
		return pid;
	}
	close(pidfd);
	/* a PID 1 that died without a message may have begun the command: do not run it again */
	if (recv(sockets[0], &message, sizeof message, 0) != sizeof message)
		supervisor_end(outer, SIGKILL);
	if (message.what == PID1_FAILED) {
		child_wait(pid, NULL);
		close(sockets[0]);
		error_set(error, EPROTO, "%s", message.text);
		error->lacking = message.number;
		return -EPROTO;
	}
	outer->line = sockets[0];
	outer->log.session.init = pid;
	outer->log.session.namespace = (ino_t)message.number;
	log_note(&outer->log, message.text);
	return 0;
}

int foreground_run(struct job *job)
{
	struct command command;
	struct supervisor outer;
	struct error error = {0};
	int result;

	if (command_init(&command, job->command, job->login, job->environment, &error) < 0) {
		log_failed(job->log_user, false, error.text);
		dprintf(STDERR_FILENO, INIT_NAME ": %s\n", error.text);
		return EXIT_FAILURE;
	}
	command_save_signals(&command);
	supervisor_init(&outer);
	command.terminal = outer.terminal;
	log_start(&outer.log, &job->setup.policy, job->log_user, job->from);
	if (!(job->setup.policy.kinds & CLONE_NEWPID)) {
		job->setup.host.uts = namespace_inode("uts", &error);
		job->setup.host.mnt = namespace_inode("mnt", &error);
		if (!job->setup.host.uts || !job->setup.host.mnt)
			return without_session(job, &command, &error);
		return in_place_run(job, &command);
	}
	job->setup.host.first = true;
	if (job->setup.policy.scope == SCOPE_USER)
		result = shared_start(job, &command, &outer, &error);
	else
		result = session_start(job, &command, &outer, &error);
	if (result < 0)
		return without_session(job, &command, &error);
	if (supervisor_listen(&outer, &error) < 0)
		supervisor_end(&outer, SIGKILL); /* the command has begun, and ends with us */
	title_shorten(&job->title);
	command_release(&command);
	log_opened(&outer.log);
	supervisor_run(&outer);
}
