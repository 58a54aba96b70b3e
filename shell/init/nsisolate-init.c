/*
 * nsisolate-init - the engine: makes the namespaces of a session, and is PID 1 of them.  (The
 * module makes one, the application's copy of the mounts: pam_module/caller.h.)
 *
 * Started by pam_nsisolate.so (--attach) or by nsisolate-shell (--user ... -- SHELL); can be used
 * by hand like unshare(1).  See nsisolate-init(8).
 */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/answer.h"
#include "conf/common/kinds.h"
#include "conf/common/number.h"
#include "job.h"

static const char usage[] =
	"usage: " INIT_NAME " [--user] KIND... [OPTION...] -- COMMAND [ARGUMENT...]\n"
	"       " INIT_NAME " --attach --host-mount=INODE KIND... [OPTION...]\n"
	"Runs COMMAND in new namespaces, under a PID 1 that reaps, or holds them for its parent.\n"
	"\n"
	"  --uts --pid --mount --ipc --net --cgroup --time\n"
	"                        kinds of namespace to make; pid, ipc and cgroup bring mount\n"
	"  --user                in a user namespace of its own: needs no privilege\n"
	"  --attach              hold the namespaces for the parent process, see "
	"nsisolate-init(8)\n  --host-mount=INODE    with --attach: the mount namespace that must "
	"not be touched\n  --uid=UID --gid=GID   with --attach: whose session it is\n"
	"  --network=host|none|user  none is --net; user: with a way out, by pasta(1) (host)\n"
	"  --hostname=NAME --domainname=NAME\n"
	"  --numbered            NAME gets a -2 while another of the user's sessions has it\n"
	"  --hosts               add the hostname to the session's /etc/hosts\n"
	"  --logout=kill|linger  what becomes of what is left at the end (kill)\n"
	"  --linger-max=SECONDS  with linger: ends it after so long without a login (never)\n"
	"  --grace=SECONDS       with kill: from SIGTERM to the end (2)\n"
	"  --on-error=deny|allow when the namespaces cannot be made: run COMMAND anyway (deny)\n"
	"  --private=LIST        some of /tmp,/var/tmp,/dev/shm are the session's own\n"
	"  --private-size=SIZE   ... each of this size, see tmpfs(5)\n"
	"  --inaccessible=LIST --read-only=LIST\n"
	"                        paths that nobody in the session may use, or write\n"
	"  --user-manager=hide|keep|off  whether /run/user is the session's own (hide, off)\n"
	"  --scope=session|user  whether the user's other logins are in the same (session)\n"
	"  --id=ID               the session's\n"
	"  --rule=NAME           which rule asked for it\n"
	"  --login               COMMAND's argv[0] gets a leading dash\n"
	"  --environment=FD      COMMAND is a shell, and its environment is stored in descriptor "
	"FD\n  --log=USER --from=ADDRESS  tell the system log of USER's session, coming from "
	"there\n";

/* The value of `--@name=VALUE`, or NULL when @word is something else. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(word, name, length) || word[length] != '=')
		return NULL;
	return word + length + 1;
}

static int take_id(const char *word, const char *name, unsigned *id, struct error *error)
{
	const char *value = value_of(word, name);
	long long number;

	if (!value)
		return 0;
	/* -1 is not an id: setresuid(2) takes it as "unchanged" */
	number = number_parse(value, (unsigned)-2);
	if (number < 0)
		return error_set(error, EINVAL, "%s: expected an id", word);
	*id = (unsigned)number;
	return 1;
}

static int take_descriptor(const char *word, const char *name, int *fd, struct error *error)
{
	const char *value = value_of(word, name);

	if (!value)
		return 0;
	*fd = (int)number_parse(value, INT_MAX);
	return *fd >= 0 ? 1 : error_set(error, EINVAL, "%s: no descriptor", word);
}

/* Takes one option; 1 when taken, 0 when unknown, a negative errno when its value is wrong. */
static int take_option(struct job *job, bool *attach, const char *word, struct error *error)
{
	bool *flag = NULL;
	const char *value;
	int taken = policy_from_option(&job->setup.policy, word, error);

	if (!taken)
		taken = take_id(word, "--uid", &job->setup.uid, error);
	if (!taken)
		taken = take_id(word, "--gid", &job->setup.gid, error);
	if (taken)
		return taken;
	if (!strcmp(word, "--attach"))
		flag = attach;
	else if (!strcmp(word, "--user"))
		flag = &job->setup.own_userns;
	else if (!strcmp(word, "--moved"))
		flag = &job->moved;
	else if (!strcmp(word, "--login"))
		flag = &job->login;
	if (flag) {
		*flag = true;
		return 1;
	}
	value = value_of(word, "--log");
	if (value) {
		job->log_user = value;
		return 1;
	}
	value = value_of(word, "--from");
	if (value) {
		job->from = value;
		return 1;
	}
	/* unit_leave adds it, with --moved */
	value = value_of(word, "--title");
	if (value) {
		job->title.text = value;
		return 1;
	}
	taken = take_descriptor(word, "--environment", &job->environment, error);
	if (taken)
		return taken;
	value = value_of(word, "--host-mount");
	if (!value)
		return 0;
	if (number_parse(value, ~0ull >> 1) <= 0)
		return error_set(error, EINVAL, "%s: expected an inode number", word);
	job->setup.host.mnt = (ino_t)number_parse(value, ~0ull >> 1);
	return 1;
}

static int check_job(const struct job *job, bool attach, struct error *error)
{
	if (!job->setup.policy.kinds)
		return error_set(error, EINVAL, "no kind of namespace is named: --uts, --pid, ...");
	if (attach == !!job->command)
		return error_set(error, EINVAL, "expected either --attach or -- COMMAND");
	if (job->setup.policy.scope == SCOPE_USER && !(job->setup.policy.kinds & CLONE_NEWPID))
		return error_set(error, EINVAL, "--scope=user needs --pid");
	if (job->setup.policy.network == NETWORK_USER && !(job->setup.policy.kinds & CLONE_NEWPID))
		return error_set(error, EINVAL, "--network=user needs --pid");
	if (attach && job->setup.own_userns && job->setup.policy.scope != SCOPE_USER)
		return error_set(error, EINVAL, "--attach with --user needs --scope=user");
	/* otherwise a session's /proc would be mounted for the whole host */
	if (attach && !job->setup.own_userns && (job->setup.policy.kinds & CLONE_NEWNS) &&
		!job->setup.host.mnt)
		return error_set(error, EINVAL,
			"--attach needs a parent in a mount namespace of its own, and "
			"--host-mount");
	return 0;
}

static int parse(struct job *job, int argc, char **argv, bool *attach, struct error *error)
{
	for (int i = 1; i < argc; i++) {
		int taken;

		if (!strcmp(argv[i], "--")) {
			if (argv[i + 1])
				job->command = argv + i + 1;
			break;
		}
		taken = take_option(job, attach, argv[i], error);
		if (taken < 0)
			return taken;
		if (!taken)
			return error_set(error, EINVAL, "%s: unknown option, see --help", argv[i]);
	}
	if (job->setup.policy.network != NETWORK_HOST)
		job->setup.policy.kinds |= CLONE_NEWNET;
	if (*job->setup.policy.inaccessible || *job->setup.policy.read_only)
		job->setup.policy.kinds |= CLONE_NEWNS;
	job->setup.policy.kinds = kinds_complete(job->setup.policy.kinds);
	return check_job(job, *attach, error);
}

int main(int argc, char **argv)
{
	struct job job = {
		.setup = {.policy = {.grace = POLICY_GRACE_DEFAULT},
			.uid = getuid(),
			.gid = getgid()},
		.title = title_find(argv),
		.arguments = argv,
		.environment = -1,
	};
	struct error error = {0};
	struct stat answer;
	bool attach = false;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return fputs(usage, stdout) < 0 || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
	if (argc == 2 && !strcmp(argv[1], "--version"))
		return puts(INIT_NAME " " NSISOLATE_VERSION) < 0 || fflush(stdout) ? EXIT_FAILURE
										   : EXIT_SUCCESS;
	if (parse(&job, argc, argv, &attach, &error) < 0) {
		/* a socket: a module of another version, which logs it */
		if (attach && fstat(STDOUT_FILENO, &answer) == 0 && S_ISSOCK(answer.st_mode))
			answer_send_error(STDOUT_FILENO, &error);
		else
			dprintf(STDERR_FILENO, INIT_NAME ": %s\n", error.text);
		return 2;
	}
	return attach ? attach_run(&job) : foreground_run(&job);
}
