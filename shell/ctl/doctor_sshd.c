/*
 * sshd, as `sshd -T` says it would run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_run.h"

#define CONFIG "/etc/ssh/sshd_config"
#define OUR_SHELL "nsisolate-shell"
#define INTERNAL "internal-sftp"
#define RELOAD "   # and reload sshd"
#define PEOPLE_MAX 100 /* that sshd is asked about one by one */

static const char *find_sshd(void)
{
	static const char *const paths[] = {"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd",
		"/usr/bin/sshd", "/usr/lib/ssh/sshd"};

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

/* The program that does the same from a shell. */
static const char *sftp_server(void)
{
	static const char *const paths[] = {"/usr/lib/openssh/sftp-server",
		"/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server",
		"/usr/libexec/sftp-server"};

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return paths[0];
}

/* sshd -T, for one user where @user is not NULL. */
static void ask(const char *sshd, const char *user, struct run_result *result)
{
	char who[512], *none[] = {NULL};
	char *all[] = {(char *)sshd, (char *)"-T", NULL};
	char *one[] = {(char *)sshd, (char *)"-T", (char *)"-C", who, NULL};

	snprintf(who, sizeof who, "user=%s,host=localhost,addr=127.0.0.1", user ? user : "");
	run_program(user ? one : all, none, NULL, result);
}

/*
 * The value of the keyword @key; false when it has none.  sshd -T writes keywords in small letters,
 * that of OpenSSH 10.6 as sshd_config(5) does: UsePAM.
 */
static bool value_of(const struct run_result *result, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);

	for (const char *line = result->out; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, key, length) != 0 || line[length] != ' ')
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(line + length + 1, "\n"),
			line + length + 1);
		return true;
	}
	return false;
}

static bool says(const struct run_result *result, const char *key, const char *wanted)
{
	char value[256];

	return value_of(result, key, value, sizeof value) && !strcasecmp(value, wanted);
}

static void check_pam(struct doctor *doctor, const struct run_result *result)
{
	const struct stack *stack = stacks_find(&doctor->stacks, doctor->sshd.service);
	bool counted_on = stack && stack_has_module(stack);
	char value[64];

	if (!value_of(result, "usepam", value, sizeof value)) {
		if (!counted_on)
			return;
		doctor_add(doctor, VERDICT_PROBLEM, "sshd UsePAM",
			"this sshd was built without PAM: the module never runs");
		doctor_mend(
			doctor, "# install the sshd that has PAM, as Alpine's openssh-server-pam");
	} else if (!strcmp(value, "yes")) {
		doctor_add(doctor, VERDICT_OK, "sshd UsePAM", "yes");
	} else if (counted_on) {
		doctor_add(doctor, VERDICT_PROBLEM, "sshd UsePAM",
			"%s: the module in %s never runs", value, stack->path);
		doctor_mend(doctor, "sed -i '1i UsePAM yes' " CONFIG RELOAD);
	} else {
		doctor_add(doctor, VERDICT_OK, "sshd UsePAM", "%s, and its stack has no module",
			value);
	}
	for (size_t i = 0; !says(result, "usepam", "yes") && i < doctor->people.count; i++)
		doctor->people.list[i].by_sshd = false;
}

/* What one user is enough to be told about. */
struct told {
	bool sftp, x11, force, files;
};

static void check_sftp(struct doctor *doctor, const struct person *person,
	const struct run_result *result, struct told *told)
{
	char subsystem[512] = "", force[512] = "";

	value_of(result, "subsystem sftp", subsystem, sizeof subsystem);
	value_of(result, "forcecommand", force, sizeof force);
	if (told->sftp)
		return;
	told->sftp = true;
	if (!strncmp(force, INTERNAL, strlen(INTERNAL))) {
		doctor_add(doctor, VERDICT_WARNING, "sshd ForceCommand",
			INTERNAL " starts no shell: %s is not isolated there", person->login.user);
		doctor_mend(doctor,
			"sed -i 's|ForceCommand[[:space:]]*" INTERNAL
			"|ForceCommand %s|I' " CONFIG RELOAD,
			sftp_server());
	} else if (!strncmp(subsystem, INTERNAL, strlen(INTERNAL)) && !strstr(force, OUR_SHELL)) {
		doctor_add(doctor, VERDICT_WARNING, "sshd sftp",
			INTERNAL " starts no shell: who comes in by nsisolate-shell (%s) is not "
				 "isolated there",
			person->login.user);
		doctor_mend(doctor,
			"sed -i 's|\\(Subsystem[[:space:]]*sftp[[:space:]]*\\)" INTERNAL
			"|\\1%s|I' " CONFIG RELOAD,
			sftp_server());
	} else {
		told->sftp = false;
	}
}

static void check_x11(struct doctor *doctor, const struct person *person,
	const struct run_result *result, struct told *told)
{
	if (told->x11 || !*person->policy.hostname || !says(result, "x11forwarding", "yes") ||
		!says(result, "x11uselocalhost", "yes") || access("/usr/bin/xauth", X_OK) < 0)
		return;
	told->x11 = true;
	doctor_add(doctor, VERDICT_WARNING, "sshd X11",
		"xauth files the cookie under the host's name: in a session by nsisolate-shell (%s) "
		"X clients do not find it",
		person->login.user);
	doctor_mend(doctor, "sed -i '1i X11UseLocalhost no' " CONFIG RELOAD);
}

/* Whether sshd starts nsisolate-shell whatever the login shell is. */
static bool is_forced(struct doctor *doctor, const struct person *person,
	const struct run_result *result, struct told *told)
{
	char force[512], *path;

	if (!value_of(result, "forcecommand", force, sizeof force) || !strstr(force, OUR_SHELL))
		return false;
	path = force + strspn(force, " \"");
	path[strcspn(path, " \"")] = '\0';
	if (told->force || *path != '/' || access(path, X_OK) == 0)
		return true;
	told->force = true;
	doctor_add(doctor, VERDICT_PROBLEM, "sshd ForceCommand",
		"%s cannot be run: %s does not get in", path, person->login.user);
	doctor_mend(doctor, "sed -i 's|%s|" NSISOLATE_SHELL "|' " CONFIG RELOAD, path);
	return true;
}

/* sshd starts what it forces by the login shell: what that reads of the user's own comes first. */
static void check_forcing_shell(
	struct doctor *doctor, const struct person *person, struct told *told)
{
	static const char *const shells[] = {"bash", "zsh", "fish", "tcsh", "csh"};
	const char *slash = strrchr(person->login.shell, '/');
	struct word word;

	for (size_t i = 0; slash && !told->files && i < sizeof shells / sizeof *shells; i++) {
		if (strcmp(slash + 1, shells[i]) != 0)
			continue;
		told->files = true;
		doctor_add(doctor, VERDICT_WARNING, "sshd ForceCommand",
			"%s reads files of %s's own before it starts nsisolate-shell: what they "
			"say is run outside",
			person->login.shell, person->login.user);
		doctor_mend(doctor, "usermod -s " NSISOLATE_SHELL " %s",
			doctor_word(&word, person->login.user));
	}
}

static void check_people(struct doctor *doctor, const char *sshd)
{
	static struct run_result result;
	struct told told = {0};
	size_t asked = 0;

	for (size_t i = 0; i < doctor->people.count; i++) {
		struct person *person = &doctor->people.list[i];

		/* an account of the system logs in nowhere */
		if (!person_is_isolated(person) && person->login.uid < 1000)
			continue;
		if (asked++ >= PEOPLE_MAX) {
			doctor_add(doctor, VERDICT_UNSEEN, "sshd",
				"it was asked about the first %d accounts only", PEOPLE_MAX);
			break;
		}
		ask(sshd, person->login.user, &result);
		if (result.status != 0)
			continue;
		if (is_forced(doctor, person, &result, &told)) {
			person_comes_by_shell(doctor, person);
			if (person->by_shell && !person->by_sshd)
				check_forcing_shell(doctor, person, &told);
		}
		/* who is isolated by the module before has nothing to fear */
		if (person->by_shell && !person->by_sshd) {
			check_sftp(doctor, person, &result, &told);
			check_x11(doctor, person, &result, &told);
		}
	}
}

void doctor_check_sshd(struct doctor *doctor)
{
	static struct run_result result;
	const char *sshd = find_sshd();
	struct word word;

	strcpy(doctor->sshd.service, "sshd");
	if (!sshd)
		return;
	ask(sshd, NULL, &result);
	if (result.status != 0) {
		doctor_add(doctor, VERDICT_UNSEEN, "sshd", "%s -T: %s", sshd,
			*result.err ? result.err : "it fails, and does not say why");
		doctor_mend(doctor,
			doctor->root ? "%s -t" : "sudo nsisolatectl doctor   # %s -T is root's",
			doctor_word(&word, sshd));
		return;
	}
	doctor->sshd.seen = true;
	value_of(&result, "pamservicename", doctor->sshd.service, sizeof doctor->sshd.service);
	check_pam(doctor, &result);
	check_people(doctor, sshd);
}
