/* Side doors: what starts an isolated user's programs outside all sessions. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"
#include "pam/pam.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/facts/config_lines.h"

#define LINGER "/var/lib/systemd/linger"

/* @open, where it is: set if something can be started there outside all sessions. */

/* ---- the user's systemd and D-Bus ---- */

static void check_manager(struct doctor *doctor, bool *open)
{
	struct rules_summary summary;
	char subject[128];
	bool hidden = false;
	size_t before = doctor->count;

	for (size_t cursor = 0; doctor_next_rule(doctor->facts, &cursor, &summary);) {
		const char *why = NULL, *remedy;

		hidden = true;
		snprintf(subject, sizeof subject, "user manager [%s]", summary.place.rule);
		if (summary.policy.user_manager == USER_MANAGER_KEEP) {
			why = "user_manager = keep leaves the user's systemd and D-Bus within "
			      "reach: systemd-run --user leads out";
			remedy = "user_manager = hide";
		} else if (!(summary.policy.kinds & kind_by_name("mount")->flag)) {
			why = "without a mount namespace user_manager cannot hide anything";
			remedy = "namespaces = uts, pid";
		} else if (!(summary.policy.kinds & kind_by_name("pid")->flag)) {
			why = "without pid, hidden files are within reach through the "
			      "/proc/PID/root of a process outside";
			remedy = "namespaces = uts, pid";
		}
		if (!why)
			continue;
		doctor_add(doctor, VERDICT_WARNING, subject, "%s", why);
		doctor_remedy(
			doctor, "nsisolatectl edit   # in [%s]: %s", summary.place.rule, remedy);
		*open = true;
	}
	if (hidden && doctor->count == before)
		doctor_add(doctor, VERDICT_OK, "user manager",
			"every rule hides the user's systemd and D-Bus from the session");
}

static void check_linger(struct doctor *doctor, bool *open)
{
	DIR *directory = opendir(LINGER);
	struct dirent *entry;
	struct shell_word word;

	if (!directory) {
		if (errno != ENOENT)
			doctor_add(
				doctor, VERDICT_UNSEEN, "linger", LINGER ": %s", strerror(errno));
		return;
	}
	while ((entry = readdir(directory))) {
		const struct person *person = people_find(&doctor->facts->people, entry->d_name);

		if (!person || !person_is_isolated(person))
			continue;
		doctor_add(doctor, VERDICT_WARNING, "linger",
			"%s's systemd runs outside from boot on, with what the user enabled there",
			entry->d_name);
		doctor_remedy(
			doctor, "loginctl disable-linger %s", shell_word(&word, entry->d_name));
		*open = true;
	}
	closedir(directory);
}

/* ---- cron and at ---- */

struct scheduler {
	const char *name;
	const char *services[3]; /* names of its stack, on different distributions */
	const char *program; /* the program that users call */
	const char *allow; /* who may use it, where the file exists */
	const char *late; /* what happens to jobs from a session with a PID namespace */
};

static const struct scheduler schedulers[] = {
	{"cron", {"cron", "crond", NULL}, "crontab", "/etc/cron.allow", ""},
	{"at", {"atd", NULL, NULL}, "at", "/etc/at.allow",
		"; at(1) in a session does not wake atd, and jobs may start an hour late"},
};

static bool is_installed(const char *program)
{
	static const char *const directories[] = {"/usr/bin", "/bin", "/usr/local/bin"};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof path, "%s/%s", directories[i], program);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* Whether only users whom no rule isolates may use it: 1, 0, or a negative errno. */
static int is_closed(struct doctor *doctor, const char *allow)
{
	FILE *file = fopen(allow, "re");
	char line[256];
	int closed = 1;

	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (closed && fgets(line, sizeof line, file)) {
		const struct person *person;
		char name[256];

		if (sscanf(line, " %255s", name) != 1 || *name == '#')
			continue;
		person = people_find(&doctor->facts->people, name);
		closed = !person || !person_is_isolated(person);
	}
	fclose(file);
	return closed;
}

static void check_scheduler(struct doctor *doctor, const struct scheduler *scheduler, bool *open)
{
	const struct stack *stack = NULL;
	const char *service = scheduler->services[0];
	struct rules_summary rule;
	bool covered;
	int closed;

	if (!is_installed(scheduler->program))
		return;
	for (size_t i = 0; !stack && scheduler->services[i]; i++)
		stack = stacks_find(&doctor->facts->stacks, scheduler->services[i]);
	if (stack)
		service = stack->service;
	covered = doctor_rule_for(doctor->facts, service, &rule);
	closed = is_closed(doctor, scheduler->allow);
	if (closed > 0) {
		doctor_add(doctor, VERDICT_OK, scheduler->name, "%s names no isolated user",
			scheduler->allow);
		return;
	}
	if (covered && stack && stack_has_module(stack)) {
		doctor_add(doctor, VERDICT_OK, scheduler->name, "isolated by the rule [%s]%s",
			rule.place.rule, scheduler->late);
		return;
	}
	if (closed < 0) {
		doctor_add(doctor, VERDICT_UNSEEN, scheduler->name, "%s: %s", scheduler->allow,
			strerror(-closed));
		return;
	}
	*open = true;
	/* a service that a rule names is reported with its stack */
	if (covered && stack && doctor_is_named(&rule, service))
		return;
	if (!stack) {
		doctor_add(doctor, VERDICT_WARNING, scheduler->name,
			"runs users' jobs outside, without PAM");
		doctor_remedy(
			doctor, "# as root, list only permitted users in %s", scheduler->allow);
	} else if (!covered) {
		doctor_add(doctor, VERDICT_WARNING, scheduler->name,
			"no rule is for the service %s: users' jobs run outside%s", service,
			scheduler->late);
		doctor_remedy(
			doctor, "nsisolatectl edit   # add %s to the rule's service", service);
	} else {
		doctor_add(doctor, VERDICT_WARNING, scheduler->name,
			"%s does not name pam_nsisolate.so: users' jobs run outside%s", stack->path,
			scheduler->late);
		remedy_by_pair(doctor, stack);
	}
}

/* ---- groups whose members can start anything as root ---- */

static void check_group(struct doctor *doctor, const char *name, bool *open)
{
	char subject[64];
	struct group *group = getgrnam(name);
	size_t before = doctor->count;

	if (!group)
		return;
	snprintf(subject, sizeof subject, "group %s", name);
	for (size_t i = 0; i < doctor->facts->people.count; i++) {
		const struct person *person = &doctor->facts->people.list[i];
		bool primary = person->login.gid == group->gr_gid, member = primary;
		struct shell_word word;

		for (char **user = group->gr_mem; !member && *user; user++)
			member = !strcmp(*user, person->login.user);
		if (!member || !person_is_isolated(person))
			continue;
		doctor_add(doctor, VERDICT_WARNING, subject,
			"its member %s is isolated, and can start anything outside, as root",
			person->login.user);
		if (primary)
			doctor_remedy(doctor, "usermod -g GROUP %s   # it is the primary one",
				shell_word(&word, person->login.user));
		else
			doctor_remedy(doctor, "gpasswd -d %s %s",
				shell_word(&word, person->login.user), name);
		*open = true;
	}
	if (doctor->count == before)
		doctor_add(doctor, VERDICT_OK, subject, "has no isolated member");
}

/* ---- logind ---- */

static void take_kill(const char *line, void *kills)
{
	char value[16];

	if (sscanf(line, " KillUserProcesses = %15s", value) == 1)
		*(bool *)kills = !strcasecmp(value, "yes") || !strcasecmp(value, "true") ||
				 !strcasecmp(value, "on") || !strcmp(value, "1");
}

/* According to the last setting in logind.conf and its drop-ins. */
static bool kills_user_processes(void)
{
	static const char *const patterns[] = {"/etc/systemd/logind.conf",
		"/usr/lib/systemd/logind.conf.d/*.conf", "/etc/systemd/logind.conf.d/*.conf",
		"/run/systemd/logind.conf.d/*.conf"};
	bool kills = false;

	config_lines(patterns, ARRAY_SIZE(patterns), take_kill, &kills);
	return kills;
}

static void check_kill(struct doctor *doctor)
{
	struct rules_summary summary;
	const char *shell = "nsisolate-shell";
	bool kills = kills_user_processes();

	for (size_t cursor = 0; kills && doctor_next_rule(doctor->facts, &cursor, &summary);) {
		bool by_shell;

		if (summary.policy.logout != LOGOUT_LINGER ||
			doctor_is_idle(doctor->facts, &summary))
			continue;
		by_shell = doctor->facts->shell_used &&
			   (!summary.service ||
				   pattern_match(summary.service, PATTERN_WORD, &shell, 1, NULL));
		/* a shared session of the module has a scope of its own */
		if (summary.policy.scope == SCOPE_USER && !by_shell)
			continue;
		doctor_add(doctor, VERDICT_WARNING, "KillUserProcesses",
			"yes: at logout logind kills what the rule [%s] lets linger%s",
			summary.place.rule,
			summary.policy.scope == SCOPE_USER
				? ", with the first login of a shared session"
				: "");
		doctor_remedy(doctor,
			"mkdir -p /etc/systemd/logind.conf.d && printf "
			"'[Login]\\nKillUserProcesses=no\\n' "
			">/etc/systemd/logind.conf.d/nsisolate.conf   # and: systemctl reload "
			"systemd-logind");
	}
}

/* ---- what everything outside sees ---- */

#define DROPINS "/etc/systemd/system/user@.service.d"

/* mount_namespaces(7): a session's mounts are slaves of the host's, and receive what is shared. */
static void check_propagation(struct doctor *doctor)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	bool shared = false;

	if (!file)
		return;
	while (getline(&line, &size, file) >= 0) {
		char point[16] = "";

		if (sscanf(line, "%*s %*s %*s %*s %15s", point) == 1 && !strcmp(point, "/"))
			shared = strstr(line, " shared:") != NULL;
	}
	fclose(file);
	if (!doctor->facts->inside)
		doctor_add(doctor, VERDICT_OK, "mounts",
			shared ? "/ is shared: later mounts and unmounts also take effect in "
				 "sessions"
			       : "/ is not shared (mount --make-rshared /): later mounts and "
				 "unmounts do not take effect in sessions");
}

static void check_proc(struct doctor *doctor, bool open)
{
	bool systemd = access("/run/systemd/system", F_OK) == 0;
	int hidden = doctor_proc_hidden();

	if (hidden < 0) {
		doctor_add(doctor, VERDICT_UNSEEN, "/proc", "%s", strerror(-hidden));
	} else if (hidden) {
		doctor_add(doctor, VERDICT_OK, "/proc",
			"hidepid: users see no processes of others outside sessions either");
	} else if (open && systemd && access(DROPINS "/nsisolate.conf", R_OK) == 0) {
		doctor_add(doctor, VERDICT_OK, "/proc",
			"no hidepid, but what user managers start does not see others' "
			"processes");
	} else if (open) {
		doctor_add(doctor, VERDICT_WARNING, "/proc",
			"no hidepid: what goes through the doors above sees all processes of this "
			"machine");
		/*
		 * hidepid breaks logind, polkit and user managers, and systemd does not support it
		 */
		doctor_remedy(doctor,
			systemd ? "mkdir -p " DROPINS " && ln -s " NSISOLATE_DROPIN " " DROPINS
				  "/ && systemctl daemon-reload   # systemd 252 or newer"
				: "# close them, or see nsisolate(7), Side doors, on hidepid");
	} else {
		doctor_add(doctor, VERDICT_OK, "/proc",
			"no hidepid: only what is not isolated sees all processes of this machine");
	}
}

void doctor_check_doors(struct doctor *doctor)
{
	static const char *const groups[] = {"docker", "lxd", "incus-admin", "libvirt", "podman"};
	bool open = false;

	if (!doctor->facts->configurations[0].rules) {
		doctor_add(doctor, VERDICT_UNSEEN, "side doors",
			"not checked: the configuration is broken");
		return;
	}
	check_manager(doctor, &open);
	check_linger(doctor, &open);
	for (size_t i = 0; i < ARRAY_SIZE(schedulers); i++)
		check_scheduler(doctor, &schedulers[i], &open);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		check_group(doctor, groups[i], &open);
	check_kill(doctor);
	check_proc(doctor, open);
	check_propagation(doctor);
	if (*doctor->facts->people.untold)
		doctor_add(doctor, VERDICT_UNSEEN, "accounts", "%s", doctor->facts->people.untold);
}
