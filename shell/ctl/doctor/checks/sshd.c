/* sshd as it would run according to `sshd -T`. */
#include "sshd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/rules/pattern.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/run_bounded.h"
#include "sshd_keys.h"

#define OUR_SHELL "nsisolate-shell"
#define INTERNAL "internal-sftp"
#define SSHRC "/etc/ssh/sshrc" /* sshd(8) */
#define PEOPLE_MAX 100 /* for whom sshd is asked individually */

static const char *find_sshd(void)
{
	static const char *const paths[] = {"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd",
		"/usr/bin/sshd", "/usr/lib/ssh/sshd"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

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

/* The first port that it listens on. */
static unsigned listened_port(const struct doctor *doctor)
{
	return doctor->sshd.port ? doctor->sshd.port : 22;
}

/*
 * Match tests a user, host, address and group, and the port, address and routing domain that sshd
 * listens on: if a value that is tested is missing, sshd -T fails.
 */
void sshd_ask(const struct doctor *doctor, int config, const char *user, struct run_result *result)
{
	static const char refused[] = "nvalid test mode specification";
	char who[512], *none[] = {NULL};
	char *argv[] = {(char *)doctor->sshd.program, (char *)"-T", NULL, NULL, NULL, NULL, NULL};
	int count = 2;

	if (config >= 0) {
		argv[count++] = (char *)"-f";
		argv[count++] = (char *)"/proc/self/fd/0";
	}
	if (!user) {
		run_program_on(config, argv, none, NULL, result);
		if (result->status == 0)
			return;
	}
	argv[count++] = (char *)"-C";
	argv[count] = who;
	snprintf(who, sizeof who,
		"user=%s,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=%u,rdomain=",
		user ? user : "", listened_port(doctor));
	run_program_on(config, argv, none, NULL, result);
	/* a version that does not know all of these words */
	if (result->status != 0 && strstr(result->err, refused)) {
		snprintf(
			who, sizeof who, "user=%s,host=localhost,addr=127.0.0.1", user ? user : "");
		run_program_on(config, argv, none, NULL, result);
	}
}

bool sshd_value(const struct run_result *result, const char *key, char *value, size_t size)
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

bool sshd_says(const struct run_result *result, const char *key, const char *wanted)
{
	char value[256];

	return sshd_value(result, key, value, sizeof value) && !strcasecmp(value, wanted);
}

static void check_pam(struct doctor *doctor, const struct run_result *result)
{
	const struct stack *stack = stacks_find(&doctor->stacks, doctor->sshd.service);
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

/* In a chroot there is no other server than sshd's own. */
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
	} else if (!strncmp(subsystem, INTERNAL, strlen(INTERNAL)) && !strstr(force, OUR_SHELL)) {
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

/* Whether sshd runs nsisolate-shell whatever the login shell is; its path goes to @path. */
static bool is_forced(const struct run_result *result, char *path, size_t size)
{
	char force[512];
	const char *word = force;

	if (!sshd_value(result, "forcecommand", force, sizeof force) || !strstr(force, OUR_SHELL))
		return false;
	word += strspn(force, " \"");
	snprintf(path, size, "%.*s", (int)strcspn(word, " \""), word);
	return true;
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
	const struct pam_line *readenv =
		sshd_says(result, "usepam", "yes")
			? find_readenv(stacks_find(&doctor->stacks, doctor->sshd.service))
			: NULL;
	const char *program = started_before(person, result, forced);

	if (!program)
		return;
	if (readenv && !told->pam_env) {
		char subject[80];

		told->pam_env = true;
		snprintf(subject, sizeof subject, "PAM %s", doctor->sshd.service);
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
	if (*blocks.by && (blocks.forces || doctor->shell_used))
		doctor_add(doctor, VERDICT_UNSEEN, "sshd Match",
			"%s: sshd was asked about logins from localhost to port %u; a Match block "
			"may say something else for others",
			blocks.by, listened_port(doctor));
}

static void check_people(struct doctor *doctor)
{
	static struct run_result result;
	struct told told = {0};

	for (size_t i = 0; i < doctor->people.count; i++) {
		const struct person *person = &doctor->people.list[i];
		char path[512];
		bool forced;

		if (!person->sshd)
			continue;
		snprintf(result.out, sizeof result.out, "%s", person->sshd);
		forced = is_forced(&result, path, sizeof path);
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
	if (doctor->sshd.more)
		doctor_add(doctor, VERDICT_UNSEEN, "sshd",
			"it was asked about the first %d accounts only", PEOPLE_MAX);
}

static void ask_about(struct doctor *doctor, struct person *person)
{
	static struct run_result result;
	char path[512];

	sshd_ask(doctor, -1, person->login.user, &result);
	if (result.status != 0)
		return;
	person->sshd = strdup(result.out);
	doctor->lost |= !person->sshd;
	if (is_forced(&result, path, sizeof path))
		person_comes_by_shell(doctor, person);
}

void doctor_ask_sshd(struct doctor *doctor)
{
	static struct run_result result;
	struct sshd_facts *sshd = &doctor->sshd;
	size_t asked = 0;
	char port[16];

	strcpy(sshd->service, "sshd");
	sshd->program = find_sshd();
	if (!sshd->program)
		return;
	sshd_ask(doctor, -1, NULL, &result);
	if (result.status != 0) {
		snprintf(sshd->why, sizeof sshd->why, "%s",
			*result.err ? result.err : "it fails without a message");
		return;
	}
	sshd->said = strdup(result.out);
	doctor->lost |= !sshd->said;
	sshd_value(&result, "pamservicename", sshd->service, sizeof sshd->service);
	if (sshd_value(&result, "port", port, sizeof port))
		sshd->port = (unsigned)atoi(port);
	for (size_t i = 0; !sshd_says(&result, "usepam", "yes") && i < doctor->people.count; i++)
		doctor->people.list[i].by_sshd = false;
	for (size_t i = 0; i < doctor->people.count && !sshd->more; i++) {
		struct person *person = &doctor->people.list[i];

		/* system accounts do not log in */
		if (!person_is_isolated(person) && person->login.uid < 1000)
			continue;
		sshd->more = asked++ >= PEOPLE_MAX;
		if (!sshd->more)
			ask_about(doctor, person);
	}
}

void doctor_check_sshd(struct doctor *doctor)
{
	static struct run_result result;
	struct shell_word word;

	if (!doctor->sshd.program)
		return;
	if (!doctor->sshd.said) {
		doctor_add(doctor, VERDICT_UNSEEN, "sshd", "%s -T: %s", doctor->sshd.program,
			doctor->sshd.why);
		shell_word(&word, doctor->sshd.program);
		doctor_remedy(doctor,
			doctor->root ? "sshd -t   # %s"
				     : "sudo nsisolatectl doctor   # only root can run %s -T",
			word.text);
		return;
	}
	snprintf(result.out, sizeof result.out, "%s", doctor->sshd.said);
	check_pam(doctor, &result);
	check_people(doctor);
	check_blocks(doctor);
}
