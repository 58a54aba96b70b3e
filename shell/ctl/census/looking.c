#include "looking.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "conf/common/poll_until.h"
#include "pam_module/pam_session.h"
#include "shell/common/descriptors.h"
#include "shell/common/drop.h"

#define PATIENCE_MS 60000 /* for all channels: a file system may hang */
#define PATIENCE_MORE_MS (PATIENCE_MS + 2 * SPAWN_TIMEOUT_MS) /* with the session's beginning */

/* To be killed with @parent; 0: it is outside of our PID namespace, and that ends with it. */
static int die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	return parent && getppid() != parent ? -1 : 0;
}

/*
 * No process of the user's can trace this one, set its limits or take its descriptors, and so make
 * it report what is not true; killing it they can, and that is noticed.
 */
static int become(const struct look *look, pid_t parent)
{
	const struct login *login = look->login;
	int keep[] = {look->witness->socket};

	if (descriptors_keep(keep, 1, NULL) < 0 || chdir("/") < 0 ||
		drop_to_member(login->uid, login->gid, login->group_ids, login->group_count, NULL) <
			0 ||
		drop_new_privileges(NULL) < 0 || drop_dumpable(NULL) < 0)
		return -1;
	/* otherwise it would possess root's keys; without keyrings in the kernel it gets none */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS &&
		errno != EPERM)
		return -1;
	/* not earlier: a change of ids undoes it, prctl(2) */
	return die_with(parent);
}

/* The status of a process that looks, besides EXIT_SUCCESS and EXIT_FAILURE. */
#define EXIT_NO_WITNESS 2

void look_ask(const struct look *look, enum witness_order order)
{
	if (!witness_ask(look->witness, order))
		_exit(EXIT_NO_WITNESS);
}

static _Noreturn void look_as_user(const struct look *look, struct finding *findings, pid_t parent)
{
	struct look own = *look;

	if (become(look, parent) < 0)
		_exit(EXIT_FAILURE);
	for (size_t i = 0; i < channels_count(); i++) {
		const struct channel *channel = channels_get(i);

		if (channel->made)
			look_ask(look, WITNESS_MAKE);
		own.finding = &findings[i];
		findings[i].seen = channel->look(&own);
		if (channel->made)
			look_ask(look, WITNESS_TAKE_BACK);
	}
	_exit(EXIT_SUCCESS);
}

/* Reaps the child, which is killed after @ms; its exit status, or -1. */
static int wait_for(pid_t child, int ms)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	int status = 0;

	if (pidfd < 0 || poll_until(pidfd, POLLIN, clock_ms() + ms) < 0)
		kill(child, SIGKILL);
	return child_wait(child, &status) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int look_here(
	const struct look *look, struct finding *findings, pid_t parent, struct error *error)
{
	pid_t child = fork();

	if (child == 0)
		look_as_user(look, findings, parent);
	if (child < 0)
		return error_errno(error, errno, "cannot fork");
	switch (wait_for(child, PATIENCE_MS)) {
	case EXIT_SUCCESS:
		return 0;
	case EXIT_FAILURE:
		return error_set(error, EPERM, "cannot become %s", look->login->user);
	case EXIT_NO_WITNESS:
		return error_set(error, ESRCH, "the witness was killed, or does not answer");
	}
	return error_set(error, ECHILD,
		"the process that looks as %s was killed, or did not end within %d s",
		look->login->user, PATIENCE_MS / 1000);
}

int look_outside(const struct look *look, struct finding *findings, struct error *error)
{
	return look_here(look, findings, getpid(), error);
}

/* Until nothing of the session is left; PID 1 ends it without grace (census.c). */
static void wait_for_end(int init)
{
	if (init < 0 || poll_until(init, POLLIN, clock_ms() + SPAWN_TIMEOUT_MS) == 0)
		return;
	syscall(SYS_pidfd_send_signal, init, SIGKILL, NULL, 0);
	poll_until(init, POLLIN, clock_ms() + SPAWN_TIMEOUT_MS);
}

/* In a child: the session's leader, as sshd is a login's. */
static int lead(const struct look *look, struct finding *findings, struct error *error)
{
	struct pam_session session;
	_cleanup_close_ int init = -1;
	int result = pam_session_open(&session, look->policy, look->login, error);

	if (result < 0)
		return result;
	if (look->policy->kinds & CLONE_NEWPID)
		init = (int)syscall(SYS_pidfd_open, session.spawned.pid, 0);
	result =
		look_here(look, findings, look->policy->kinds & CLONE_NEWPID ? 0 : getpid(), error);
	/* this process ends now: what it cannot be given back, it does not need */
	pam_session_close(&session, &(struct error){0});
	wait_for_end(init);
	return result;
}

static _Noreturn void lead_and_tell(
	const struct look *look, struct finding *findings, pid_t parent, int report)
{
	struct error error = {0};

	if (die_with(parent) < 0)
		_exit(EXIT_FAILURE);
	if (lead(look, findings, &error) == 0)
		_exit(EXIT_SUCCESS);
	/* a pipe has room for that; who does not read it has been killed, or says so itself */
	_exit(write(report, &error, sizeof error) == sizeof error ? EXIT_FAILURE
								  : EXIT_FAILURE + 1);
}

int look_inside(const struct look *look, struct finding *findings, struct error *error)
{
	int report[2], result = 0;
	pid_t parent = getpid(), child;

	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_errno(error, errno, "cannot make a pipe");
	child = fork();
	if (child == 0)
		lead_and_tell(look, findings, parent, report[1]);
	close(report[1]);
	if (child < 0)
		result = error_errno(error, errno, "cannot fork");
	else if (wait_for(child, PATIENCE_MORE_MS) != EXIT_SUCCESS) {
		result = -EIO;
		if (read(report[0], error, sizeof *error) != sizeof *error)
			error_set(error, EIO, "the leader of the session was killed");
	}
	close(report[0]);
	return result;
}
