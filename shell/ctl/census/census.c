/*
 * nsisolatectl census - what a user learns of another user, from outside and from inside of a
 * session that the rules give to a login.
 *
 *	this process -- fork --> the witness (witness.c)
 *	             -- fork --> looks, as the user (looking.c)
 *	             -- fork --> leader -- fork --> looks, as the user, in a session
 *
 * The session is opened by the module's own code, not through PAM: no other module does anything.
 */
#include "census.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "conf/rules/rules.h"
#include "looking.h"
#include "shell/ctl/command.h"
#include "shell/ctl/nss_probe.h"
#include "shell/ctl/option.h"
#include "shell/ctl/output/terminal.h"
#include "shell/ctl/pam_stack.h"
#include "shell/ctl/session/sessions.h"

#define DEFAULT_SERVICE "sshd"

enum status { STATUS_KEPT = 0, STATUS_BROKEN = 1, STATUS_UNKNOWN = 2 };

static enum status fail(const struct error *error)
{
	fprintf(stderr, NAME ": %s\n", error->text);
	return STATUS_UNKNOWN;
}

/* ---- what root finds out first ---- */

static bool is_empty(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	bool empty = directory;

	while (empty && (entry = readdir(directory)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	if (directory)
		closedir(directory);
	return empty;
}

/*
 * Where a procfs is mounted now besides /proc: in a mount namespace of our own, from which nothing
 * gets out.  In a chroot, whose "/" need not be a mount, it is not.
 */
static const char *mount_procfs(void)
{
	static const char *const places[] = {"/mnt", "/media", "/srv", "/opt"};

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (is_empty(places[i]) && mount("proc", places[i], "proc",
						   MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
			return places[i];
	return NULL;
}

/* Our control group's directory; 0: there is none, or it is the root. */
static ino_t find_group(void)
{
	char line[4096], path[4096 + 16];
	struct stat status;
	ino_t group = 0;
	FILE *file = fopen("/proc/self/cgroup", "re");

	while (file && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::/", 4) != 0 || !line[4])
			continue;
		snprintf(path, sizeof path, "/sys/fs/cgroup%s", line + 3);
		if (stat(path, &status) == 0)
			group = status.st_ino;
	}
	if (file)
		fclose(file);
	return group;
}

/* Whether a job of the first of these services that is here gets a session of its own. */
static bool isolates_jobs(const struct rules *rules, struct login *login,
	const struct stacks *stacks, const char *const services[2])
{
	const struct stack *stack = stacks_find(stacks, services[0]);
	const char *service = login->service;
	struct policy policy = {0};
	int result;

	if (!stack)
		stack = stacks_find(stacks, services[1]);
	if (!stack)
		return false;
	login->service = stack->service;
	result = rules_match(rules, login, &policy, &(struct error){0});
	login->service = service;
	return result == 0 && policy.isolate && stack_has_module(stack);
}

static void find_jobs(const struct rules *rules, struct login *login, struct look *look)
{
	static const char *const services[2][2] = {{"cron", "crond"}, {"atd", "at"}};
	struct stacks stacks = {0};

	/* without them nothing isolates a job, as far as it is known */
	if (stacks_read(&stacks))
		for (size_t i = 0; i < ARRAY_SIZE(look->jobs); i++)
			look->jobs[i] = isolates_jobs(rules, login, &stacks, services[i]);
	stacks_free(&stacks);
}

/* ---- the census ---- */

/* What a process of the user's has written is taken for nothing else than what it can be. */
static int take_findings(
	struct finding taken[CHANNELS_MAX], const struct finding *findings, struct error *error)
{
	for (size_t i = 0; i < channels_count(); i++) {
		taken[i] = findings[i];
		taken[i].why[sizeof taken[i].why - 1] = '\0';
		if (taken[i].seen <= SEEN_NOT_YET || taken[i].seen > SEEN_NOTHING_THERE)
			return error_set(error, EIO, "not every channel was looked at");
	}
	return 0;
}

/* What is there outside and not inside is closed, whatever closes it. */
static void compare(struct census *census)
{
	for (size_t i = 0; i < channels_count(); i++) {
		if (!census->policy.isolate)
			census->session[i] = census->plain[i];
		else if (census->session[i].seen == SEEN_NOTHING_THERE &&
			 census->plain[i].seen != SEEN_NOTHING_THERE)
			census->session[i].seen = SEEN_NO;
	}
}

static int look_both_ways(struct census *census, struct look *look, struct error *error)
{
	const size_t size = (size_t)2 * CHANNELS_MAX * sizeof(struct finding);
	struct finding *shared =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result;

	if (shared == MAP_FAILED)
		return error_errno(error, errno, "no memory");
	result = look_outside(look, shared, error);
	if (!result)
		result = take_findings(census->plain, shared, error);
	if (!result && census->policy.isolate) {
		look->policy = &census->policy;
		result = look_inside(look, shared + CHANNELS_MAX, error);
		if (!result)
			result = take_findings(census->session, shared + CHANNELS_MAX, error);
	}
	munmap(shared, size);
	return result;
}

/* A session that nobody else joins and that ends with the look, otherwise as the rule has it. */
static void make_own(struct policy *policy)
{
	policy->scope = SCOPE_SESSION;
	policy->logout = LOGOUT_KILL;
	policy->grace = policy->linger_max = 0;
}

static enum status take_census(
	struct census *census, const struct look *known, int argc, char **argv, bool json)
{
	struct witness witness;
	struct look look = *known;
	struct error error = {0};
	enum status status = STATUS_KEPT;
	int result;

	look.procfs = mount_procfs();
	look.group = find_group();
	look.login = &census->login;
	look.witness = &witness;
	make_own(&census->policy);
	result = login_group_ids(&census->login, &error);
	if (!result)
		result = witness_start(&witness, argc, argv, &error);
	if (result < 0)
		return fail(&error);
	result = look_both_ways(census, &look, &error);
	witness_end(&witness);
	if (result < 0)
		return fail(&error);
	compare(census);
	if (json)
		census_show_json(census);
	else
		census_show_text(census);
	for (size_t i = 0; i < channels_count(); i++)
		if (census_is_broken(census, i))
			status = STATUS_BROKEN;
	return status;
}

static int find_policy(
	struct census *census, const struct rules *rules, const char *user, struct error *error)
{
	int result = nss_find_login(&census->login, user, error);

	if (result < 0)
		return result;
	census->login.service = census->service;
	if (census->login.uid == 0)
		return error_set(error, EINVAL, "root sees everything, from wherever");
	result = rules_match(rules, &census->login, &census->policy, error);
	if (!result && *census->login.doubt.text)
		fprintf(stderr, NAME ": in doubt: %s\n", census->login.doubt.text);
	return result;
}

int command_census(int argc, char **argv)
{
	struct census census = {.service = DEFAULT_SERVICE};
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct diagnostics_style style = terminal_style(stderr);
	struct error error = {0};
	struct look look = {0};
	struct rules *rules = NULL;
	const char *user = NULL;
	enum status status = STATUS_UNKNOWN;
	bool json = false;
	int taken;

	for (int i = 1; i < argc; i += taken) {
		taken = option_take("--service", argc - i, argv + i, &census.service);
		if (taken)
			continue;
		taken = 1;
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (argv[i][0] == '-' || user)
			return command_usage(argv[0]);
		else
			user = argv[i];
	}
	if (!user)
		return command_usage(argv[0]);
	if (geteuid() != 0)
		error_set(&error, EPERM, "only root can take a census");
	else if (sessions_hold_us())
		error_set(&error, EINVAL, "this is inside a session: take the census outside");
	if (*error.text)
		return fail(&error);
	/* our parent may have ignored it, and then wait(2) would not report a child's end */
	signal(SIGCHLD, SIG_DFL);
	if (rules_load(NSISOLATE_CONF, &rules, &diagnostics) < 0) {
		diagnostics_show(&diagnostics, &style, stderr);
	} else if (find_policy(&census, rules, user, &error) < 0) {
		fail(&error);
	} else {
		find_jobs(rules, &census.login, &look);
		status = take_census(&census, &look, argc, argv, json);
	}
	login_free(&census.login);
	rules_free(rules);
	diagnostics_free(&diagnostics);
	return (int)status;
}
