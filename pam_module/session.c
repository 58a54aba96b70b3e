#include "session.h"

#include <sched.h>
#include <signal.h>

#include "cleanup.h"

static int enter(struct session *session, const struct policy *policy, const struct login *login,
	struct error *error)
{
	struct caller_signals signals;
	int result;

	caller_signals_hold(&signals);
	result = caller_leave(&session->caller, policy->kinds, error);
	if (!result)
		result = spawn_init(&session->spawned, policy, login, session->caller.mount, error);
	caller_signals_restore(&signals);
	if (result < 0)
		return result;
	return caller_join(&session->caller, session->spawned.pidfd, policy->kinds, error);
}

int session_open(struct session *session, const struct policy *policy, const struct login *login,
	struct error *error)
{
	struct error first, again = {0};
	int result;

	*session = (struct session){.spawned = {.pidfd = -1, .line = -1}};
	result = enter(session, policy, login, error);
	if (result < 0) {
		spawn_signal(&session->spawned, SIGKILL);
		spawn_close(&session->spawned);
		first = *error;
		if (caller_return(&session->caller, &again) < 0)
			error_set(
				error, -result, "%.250s; and then: %.240s", first.text, again.text);
		return result;
	}
	session->open = true;
	if (policy->kinds & CLONE_NEWPID) {
		/* it has done its service, and sshd's child would have it too */
		cleanup_close(&session->spawned.pidfd);
		session->spawned.pidfd = -1;
	} else {
		/* only namespaces, which we hold ourselves from now on */
		spawn_close(&session->spawned);
	}
	return 0;
}

int session_close(struct session *session, struct error *error)
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
