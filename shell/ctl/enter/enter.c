/* nsisolatectl enter - a shell or a command inside a running session. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "conf/rules/rules.h"
#include "entry.h"
#include "relay.h"
#include "shell/common/end_as.h"
#include "shell/common/real_shell.h"
#include "shell/ctl/command.h"
#include "shell/ctl/session/sessions.h"

struct request {
	const char *word;
	char **command; /* NULL: a shell */
	bool root;
};

static int fail(const struct error *error)
{
	fprintf(stderr, NAME ": %s\n", error->text);
	return ENTRY_FAILED;
}

/*
 * Root inside runs the programs it finds there, so only where nobody but root can have put them.
 * In a session of nsisolate-shell the user can mount anything over /bin, and root is not mapped.
 */
static int allow_root(const struct session *session, struct error *error)
{
	if (geteuid() != 0)
		return error_set(error, EPERM, "--root is for root: sudo " NAME " enter --root %d",
			session->pid);
	if (session->kind != SESSION_MODULE)
		return error_set(error, EPERM,
			"root does not exist in a session of nsisolate-shell, and its user "
			"controls everything root would see there; without --root you enter as %s",
			session->user);
	if (!session->verified)
		return error_set(error, EPERM,
			"cannot verify that the PAM module made this session, so its user may "
			"control what root would see there; without --root you enter as %s",
			session->user);
	return 0;
}

/* The account; its groups only where they will be set. */
static int find_account(
	struct login *login, const struct session *session, bool root, struct error *error)
{
	int result = -ENOENT;

	if (root)
		result = login_by_uid(login, 0, error);
	else if (session->verified)
		result = login_by_name(login, session->user, error);
	/* several names can have one uid: prefer the name of the login, if it has this uid */
	if (!root && (result < 0 || login->uid != session->uid)) {
		login_free(login);
		result = login_by_uid(login, session->uid, error);
	}
	if (!result && geteuid() == 0 && !root)
		result = login_group_ids(login, error);
	return result;
}

/* passwd's shell; behind nsisolate-shell, the real shell from the rules. */
static const char *find_shell(struct login *login, const struct session *session)
{
	static struct policy policy;
	struct error error = {0};
	const char *shell = "/bin/sh";

	if (!login)
		return shell;
	login->service = "nsisolate-shell";
	/* broken rules refuse logins, but must not refuse an admin who looks for the reason */
	if (session->kind == SESSION_SHELL &&
		rules_decide(NSISOLATE_CONF, login, &policy, &error) < 0)
		policy = (struct policy){0};
	if (real_shell_find(&shell, &policy, login, &error) < 0)
		real_shell_find(&shell, &(struct policy){0}, login, &error);
	return shell;
}

static int run(struct entry *entry, struct error *error)
{
	enum entry_status status = ENTRY_FAILED;
	struct relay relay;
	pid_t pid;
	int result = relay_open(&relay, entry->uid, error);

	if (!result)
		result = entry_start(
			entry, relay.stdio, relay.inner, relay.signals, &pid, &status, error);
	if (!result)
		result = relay_run(&relay, pid);
	else
		fail(error);
	relay_close(&relay);
	if (result < 0)
		return status;
	end_as(result);
}

static int enter(const struct session *session, const struct request *request)
{
	struct entry entry = {.pidfd = -1, .directory = -1, .user_namespace = -1};
	struct login login = {0};
	struct error error = {0};
	int result = request->root ? allow_root(session, &error) : 0, status = ENTRY_FAILED;

	if (!result) {
		entry.command = request->command;
		entry.uid = request->root ? 0 : session->uid;
		entry.gid = request->root ? 0 : session->gid;
		result = find_account(&login, session, request->root, &error);
		/* the session of a deleted account still exists */
		if (result == -ENOENT)
			result = 0;
		else if (!result)
			entry.login = &login;
	}
	if (!result) {
		entry.shell = find_shell(entry.login ? &login : NULL, session);
		result = entry_find(&entry, session, &error);
	}
	status = result < 0 ? fail(&error) : run(&entry, &error);
	entry_close(&entry);
	login_free(&login);
	return status;
}

/* Keeps the descriptors opened next from being 0, 1 or 2, which the command gets. */
static int fill_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd;
}

static bool parse(struct request *request, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--root")) {
			request->root = true;
		} else if (!strcmp(argv[i], "--")) {
			request->command = argv[i + 1] ? argv + i + 1 : NULL;
			return request->word && request->command;
		} else if (argv[i][0] == '-' || request->word) {
			return false;
		} else {
			request->word = argv[i];
		}
	}
	return request->word;
}

int command_enter(int argc, char **argv)
{
	struct request request = {0};
	struct sessions sessions;
	const struct session *session;
	struct error error = {0};
	int status;

	if (!parse(&request, argc, argv))
		return command_usage(argv[0]);
	/* our parent may have ignored it, and then wait(2) would not report the command's end */
	signal(SIGCHLD, SIG_DFL);
	if (fill_stdio() < 0) {
		error_errno(&error, errno, "cannot open /dev/null");
		return fail(&error);
	}
	if (sessions_find(&sessions, &error) < 0)
		return fail(&error);
	session = sessions_by_word(&sessions, request.word, &error);
	status = session ? enter(session, &request) : fail(&error);
	sessions_free(&sessions);
	return status;
}
