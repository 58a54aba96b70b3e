#include "pam_session.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include "conf/common/cleanup.h"
#include "conf/common/process_count.h"

/* How often a shared session may end just before this login has joined it. */
#define ATTEMPTS 5

static int enter(struct pam_session *session, const struct policy *policy,
	const struct login *login, struct error *error)
{
	struct caller_signals signals;
	int flags = policy->kinds, result;

	caller_signals_hold(&signals);
	result = caller_leave(&session->caller, flags, error);
	if (!result)
		result = spawn_init(&session->spawned, policy, login, session->caller.mount, error);
	caller_signals_restore(&signals);
	if (result < 0)
		return result;
	if (!session->spawned.joined)
		flags &= ~CLONE_NEWNS; /* this process made that one itself */
	return caller_join(&session->caller, session->spawned.pidfd, flags, error);
}

static int try_open(struct pam_session *session, const struct policy *policy,
	const struct login *login, struct error *error)
{
	struct error first, again = {0};
	int result;

	*session = (struct pam_session){.spawned = {.pidfd = -1, .line = -1}};
	result = enter(session, policy, login, error);
	if (result == 0)
		return 0;
	/* of a shared session only this login ends */
	if (session->spawned.joined)
		spawn_hang_up(&session->spawned);
	else
		spawn_signal(&session->spawned, SIGKILL);
	spawn_close(&session->spawned);
	first = *error;
	if (caller_return(&session->caller, &again) < 0)
		return error_set(
			error, ENOTRECOVERABLE, "%.250s; and then: %.240s", first.text, again.text);
	return result;
}

int pam_session_open(struct pam_session *session, const struct policy *policy,
	const struct login *login, struct error *error)
{
	struct stat namespace;
	int attempts = policy->scope == SCOPE_USER ? ATTEMPTS : 1, result;

	do
		result = try_open(session, policy, login, error);
	while (result == -ESRCH && --attempts); /* setns(2): the process of the pidfd has ended */
	if (result < 0)
		return result;
	session->open = true;
	session->pasta = policy->network == NETWORK_USER;
	if (policy->kinds & CLONE_NEWPID) {
		/* for the log only; if another module hides it, the log goes without */
		if (stat("/proc/1/ns/pid", &namespace) == 0)
			session->namespace = namespace.st_ino;
		/* no longer needed; sshd's forked child would inherit it */
		cleanup_close(&session->spawned.pidfd);
		session->spawned.pidfd = -1;
	} else {
		/* only namespaces, which we hold ourselves from now on */
		spawn_close(&session->spawned);
	}
	return 0;
}

int pam_session_left(const struct pam_session *session)
{
	struct pollfd line = {.fd = session->spawned.line};

	if (line.fd < 0)
		return -EOPNOTSUPP; /* it has no PID namespace of its own */
	/* its end of the socket closes when it dies, long before it can be reaped */
	if (poll(&line, 1, 0) > 0)
		return -ESRCH;
	return process_count(session->pasta);
}

int pam_session_close(struct pam_session *session, struct error *error)
{
	int result = 0;

	if (!session->open)
		return 0;
	session->open = false;
	if (caller_is_here(&session->caller)) {
		spawn_hang_up(&session->spawned);
		result = caller_return(&session->caller, error);
	}
	spawn_close(&session->spawned);
	return result;
}
