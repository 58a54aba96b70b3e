/* What is wrong with sshd as it would run according to `sshd -T`. */
#include "sshd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/rules/pattern.h"
#include "keys.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/facts/sshd_facts.h"
#include "shell/ctl/doctor/run_bounded.h"

#define INTERNAL "internal-sftp"
#define SSHRC "/etc/ssh/sshrc" /* sshd(8) */

/* The external program that does the same as internal-sftp. */
static const char *sftp_server(void)
{
	static const char *const paths[] = {"/usr/lib/openssh/sftp-server",
		"/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server",
		"/usr/libexec/sftp-server"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return paths[0];
}

static void check_pam(struct doctor *doctor, const struct run_result *result)
{
	const struct stack *stack =
		stacks_find(&doctor->facts->stacks, doctor->facts->sshd.service);
	bool counted_on = stack && stack_has_module(stack);
	char value[64];

	if (!sshd_value(result, "usepam", value, sizeof value)) {
		if (!counted_on)
			return;
		doctor_add(doctor, VERDICT_PROBLEM, "sshd UsePAM",
			"this sshd was built without PAM: the module never runs");
		doctor_remedy(
			doctor, "# install the sshd that has PAM, as Alpine's openssh-server-pam");
	} else if (!strcmp(value, "yes")) {
		doctor_add(doctor, VERDICT_OK, "sshd UsePAM", "yes");
	} else if (counted_on) {
		doctor_add(doctor, VERDICT_PROBLEM, "sshd UsePAM",
			"%s: the module in %s never runs", value, stack->path);
		sshd_remedy(doctor, NULL, "1i UsePAM yes", "usepam", "no", "UsePAM yes");
	} else {
		doctor_add(doctor, VERDICT_OK, "sshd UsePAM", "%s, and its stack lacks the module",
			value);
	}
}

/* What is reported for one user only. */
struct told {
	bool sftp, x11, force, files, pam_env, accept_env, user_environment;
	struct keys_told keys;
};

/* In a chroot sshd's own server is the only one. */
static bool is_chrooted(const struct run_result *result)
{
	char value[256];

	return sshd_value(result, "chrootdirectory", value, sizeof value) &&
	       strcmp(value, "none") != 0;
}

#define NOT_IN_A_CHROOT \
	"# only " INTERNAL " serves where ChrootDirectory is set: the module isolates it, too"

/* For this user alone: others may be chrooted, or are not our concern. */
static void remedy_forced_sftp(
	struct doctor *doctor, const struct person *person, const struct run_result *result)
{
	const char *user = person->login.user;
	char expression[512], words[256];

	snprintf(words, sizeof words, "for %.100s, ForceCommand %.100s", user, sftp_server());
	snprintf(expression, sizeof expression,
		"1i Match User %.100s\\n\\tForceCommand %.100s\\nMatch all", user, sftp_server());
	if (is_chrooted(result))
		doctor_remedy(doctor, NOT_IN_A_CHROOT);
	else if (user[strspn(user, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._-")])
		doctor_remedy(doctor, "# in sshd_config(5): %s; and reload sshd", words);
	else
		sshd_remedy(doctor, user, expression, "forcecommand", INTERNAL, words);
}

/* For all users: so only where nobody is chrooted. */
static void remedy_sftp(
	struct doctor *doctor, const struct person *person, const struct run_result *result)
{
	char expression[512], words[256];
	struct sshd_blocks blocks;

	sshd_read_blocks(&blocks);
	snprintf(words, sizeof words, "Subsystem sftp %.100s", sftp_server());
	snprintf(expression, sizeof expression,
		"s|^([[:space:]]*Subsystem[[:space:]=]+\"?sftp\"?[[:space:]=]+)\"?" INTERNAL
		".*|\\1%.100s|I",
		sftp_server());
	if (is_chrooted(result) || blocks.chroots)
		doctor_remedy(doctor, NOT_IN_A_CHROOT);
	else
		sshd_remedy(
			doctor, person->login.user, expression, "subsystem sftp", INTERNAL, words);
}

static void check_sftp(struct doctor *doctor, const struct person *person,
	const struct run_result *result, struct told *told)
{
	char subsystem[512] = "", force[512] = "";

	sshd_value(result, "subsystem sftp", subsystem, sizeof subsystem);
	sshd_value(result, "forcecommand", force, sizeof force);
	if (told->sftp)
		return;
	told->sftp = true;
	if (!strncmp(force, INTERNAL, strlen(INTERNAL))) {
		doctor_add(doctor, VERDICT_WARNING, "sshd ForceCommand",
			INTERNAL " starts no shell: %s is not isolated there", person->login.user);
		remedy_forced_sftp(doctor, person, result);
	} else if (!strncmp(subsystem, INTERNAL, strlen(INTERNAL)) &&
		   !strstr(force, SSHD_OUR_SHELL)) {
		doctor_add(doctor, VERDICT_WARNING, "sshd sftp",
			INTERNAL " starts no shell: users of nsisolate-shell (%s) are not "
				 "isolated there",
			person->login.user);
		remedy_sftp(doctor, person, result);
	} else {
		told->sftp = false;
	}
}

static void check_x11(struct doctor *doctor, const struct person *person,
	const struct run_result *result, struct told *told)
{
	if (told->x11 || !*person->policy.hostname || !sshd_says(result, "x11forwarding", "yes") ||
		!sshd_says(result, "x11uselocalhost", "yes") || access("/usr/bin/xauth", X_OK) < 0)
		return;
	told->x11 = true;
	doctor_add(doctor, VERDICT_WARNING, "sshd X11",
		"xauth stores the cookie under the host's name: in a session of nsisolate-shell "
		"(%s) X clients do not find it",
		person->login.user);
	sshd_remedy(doctor, person->login.user, "1i X11UseLocalhost no", "x11uselocalhost", "yes",
		"X11UseLocalhost no");
}

static void check_forced(
	struct doctor *doctor, const struct person *person, const char *path, struct told *told)
{
	char expression[512];

	if (told->force || *path != '/' || access(path, X_OK) == 0)
		return;
	told->force = true;
	doctor_add(doctor, VERDICT_PROBLEM, "sshd ForceCommand",
		"%s cannot be run: %s does not get in", path, person->login.user);
	snprintf(expression, sizeof expression, "s|%.200s|" NSISOLATE_SHELL "|", path);
	sshd_remedy(doctor, person->login.user, expression, "forcecommand", path,
		"ForceCommand " NSISOLATE_SHELL " -l");
}

/* sshd runs the forced command through the login shell, which first reads the user's own files. */
static void check_forcing_shell(
	struct doctor *doctor, const struct person *person, struct told *told)
{
	static const char *const shells[] = {"bash", "zsh", "fish", "tcsh", "csh"};
	const char *slash = strrchr(person->login.shell, '/');
	struct shell_word word;

	for (size_t i = 0; slash && !told->files && i < ARRAY_SIZE(shells); i++) {
		if (strcmp(slash + 1, shells[i]) != 0)
			continue;
		told->files = true;
		doctor_add(doctor, VERDICT_WARNING, "sshd ForceCommand",
			"%s reads files of %s's own before it starts nsisolate-shell: what they "
			"say runs outside",
			person->login.shell, person->login.user);
		doctor_remedy(doctor, "usermod -s " NSISOLATE_SHELL " %s",
			shell_word(&word, person->login.user));
	}
}

/* Whether a line with @key admits variables that the dynamic linker obeys. */
static bool lets_loader_variables_in(const struct run_result *result, const char *key)
{
	static const char *const names[] = {"LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH"};
	size_t length = strlen(key);
	char list[512];

	for (const char *line = result->out; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, key, length) != 0 || line[length] != ' ')
			continue;
		line += length + 1;
		snprintf(list, sizeof list, "%.*s", (int)strcspn(line, "\n"), line);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (!strcasecmp(list, "yes") ||
				pattern_match(list, PATTERN_NAME, &names[i], 1, NULL))
				return true;
	}
	return false;
}

/* The line of the stack that lets a user's own file set variables; NULL: none. */
static const struct pam_line *find_readenv(const struct stack *stack)
{
	for (size_t i = 0; stack && i < stack->verdict.line_count; i++) {
		const struct pam_line *line = &stack->verdict.lines[i];

		for (size_t j = 0; pam_line_is(line, "pam_env") && j < line->argument_count; j++)
			if (!strncmp(line->arguments[j], "user_readenv=", 13) &&
				atoi(line->arguments[j] + 13))
				return line;
	}
	return NULL;
}

/*
 * What sshd starts as the user before nsisolate-shell, and so outside, that is dynamically linked
 * and obeys LD_PRELOAD; NULL: nothing. nsisolate-shell itself does not: shell/common/environment.h.
 */
static const char *started_before(
	const struct person *person, const struct run_result *result, bool forced)
{
	if (forced)
		return person->login.shell;
	if (!sshd_says(result, "permituserrc", "no"))
		return "/bin/sh for ~/.ssh/rc";
	if (access(SSHRC, F_OK) == 0)
		return "/bin/sh for " SSHRC;
	return sshd_says(result, "x11forwarding", "yes") ? "/bin/sh for xauth" : NULL;
}

static void check_environment(struct doctor *doctor, const struct person *person,
	const struct run_result *result, bool forced, struct told *told)
{
	const struct pam_line *readenv = sshd_says(result, "usepam", "yes")
						 ? find_readenv(stacks_find(&doctor->facts->stacks,
							   doctor->facts->sshd.service))
						 : NULL;
	const char *program = started_before(person, result, forced);

	if (!program)
		return;
	if (readenv && !told->pam_env) {
		char subject[80];

		told->pam_env = true;
		snprintf(subject, sizeof subject, "PAM %s", doctor->facts->sshd.service);
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"%s:%u: user_readenv: LD_PRELOAD in ~/.pam_environment is a way out: "
			"before nsisolate-shell (%s) sshd starts %s",
			readenv->file, readenv->number, person->login.user, program);
		doctor_remedy(doctor, "# remove user_readenv= from that line");
	}
	if (lets_loader_variables_in(result, "permituserenvironment") && !told->user_environment) {
		told->user_environment = true;
		doctor_add(doctor, VERDICT_PROBLEM, "sshd PermitUserEnvironment",
			"LD_PRELOAD in ~/.ssh/environment is a way out: before "
			"nsisolate-shell (%s) sshd starts %s",
			person->login.user, program);
		sshd_remedy(doctor, person->login.user, "1i PermitUserEnvironment no",
			"permituserenvironment", NULL, "PermitUserEnvironment no");
	}
	if (lets_loader_variables_in(result, "acceptenv") && !told->accept_env) {
		told->accept_env = true;
		doctor_add(doctor, VERDICT_PROBLEM, "sshd AcceptEnv",
			"LD_PRELOAD from a client is a way out: before nsisolate-shell (%s) sshd "
			"starts %s",
			person->login.user, program);
		sshd_remedy(doctor, person->login.user,
			"s/^([[:space:]]*AcceptEnv[[:space:]=]+).*/\\1LANG LC_*/I", "acceptenv",
			"LD_", "AcceptEnv LANG LC_*, and nothing else");
	}
}

/* Logins other than those that sshd was asked about may get something else: see sshd_ask. */
static void check_blocks(struct doctor *doctor)
{
	struct sshd_blocks blocks;

	sshd_read_blocks(&blocks);
	if (*blocks.by && (blocks.forces || doctor->facts->shell_used))
		doctor_add(doctor, VERDICT_UNSEEN, "sshd Match",
			"%s: sshd was asked about logins from localhost to port %u; a Match block "
			"may say something else for others",
			blocks.by, sshd_port(doctor->facts));
}

static void check_people(struct doctor *doctor)
{
	static struct run_result result;
	struct told told = {0};

	for (size_t i = 0; i < doctor->facts->people.count; i++) {
		const struct person *person = &doctor->facts->people.list[i];
		char path[512];
		bool forced;

		if (!person->sshd)
			continue;
		snprintf(result.out, sizeof result.out, "%s", person->sshd);
		forced = sshd_forces_shell(&result, path, sizeof path);
		if (forced) {
			check_forced(doctor, person, path, &told);
			doctor_check_keys(doctor, person, &result, &told.keys);
			if (person->by_shell && !person->by_sshd)
				check_forcing_shell(doctor, person, &told);
		}
		/* users whom the module has isolated before are safe */
		if (person->by_shell && !person->by_sshd) {
			check_sftp(doctor, person, &result, &told);
			check_x11(doctor, person, &result, &told);
			/* if nsisolate-shell is also the login shell, that starts it */
			check_environment(
				doctor, person, &result, forced && !person->uses_shell, &told);
		}
	}
	if (doctor->facts->sshd.more)
		doctor_add(doctor, VERDICT_UNSEEN, "sshd",
			"it was asked about the first %d accounts only", SSHD_PEOPLE_MAX);
}

void doctor_check_sshd(struct doctor *doctor)
{
	static struct run_result result;
	struct shell_word word;

	if (!doctor->facts->sshd.program)
		return;
	if (!doctor->facts->sshd.said) {
		doctor_add(doctor, VERDICT_UNSEEN, "sshd", "%s -T: %s", doctor->facts->sshd.program,
			doctor->facts->sshd.why);
		shell_word(&word, doctor->facts->sshd.program);
		doctor_remedy(doctor,
			doctor->facts->root
				? "sshd -t   # %s"
				: "sudo nsisolatectl doctor   # only root can run %s -T",
			word.text);
		return;
	}
	snprintf(result.out, sizeof result.out, "%s", doctor->facts->sshd.said);
	check_pam(doctor, &result);
	check_people(doctor);
	check_blocks(doctor);
}
