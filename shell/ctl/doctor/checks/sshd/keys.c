/*
 * sshd runs ForceCommand in place of the command="..." of a key and the force-command of a
 * certificate, without any warning: sshd_config(5).  So a key that was good for one thing only,
 * such as a backup, gives the whole account as soon as ForceCommand names nsisolate-shell.
 */
#include "keys.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/facts/sshd_facts.h"
#include "sshd.h"

/* A file of AuthorizedKeysFile for @login: sshd_config(5), TOKENS. */
static void expand(const char *word, size_t length, const struct login *login, char path[PATH_MAX])
{
	size_t used = 0;

	if (*word != '/' && strncmp(word, "%h", 2) != 0)
		used = (size_t)snprintf(path, PATH_MAX, "%s/", login->home);
	for (size_t i = 0; i < length && used + 1 < PATH_MAX; i++) {
		char one[24] = {word[i]};
		const char *text = one;

		if (word[i] == '%' && i + 1 < length) {
			i++;
			one[0] = word[i];
			if (word[i] == 'h')
				text = login->home;
			else if (word[i] == 'u')
				text = login->user;
			else if (word[i] == 'U')
				snprintf(one, sizeof one, "%u", login->uid);
		}
		used += (size_t)snprintf(path + used, PATH_MAX - used, "%s", text);
	}
	path[used < PATH_MAX ? used : PATH_MAX - 1] = '\0';
}

/*
 * The file is the user's and may be anything; opening a link to a device or to one of root's FIFOs
 * has effects (a watchdog starts counting).  So its type is checked first.
 */
static FILE *open_keys(const char *path)
{
	_cleanup_close_ int found = open(path, O_PATH | O_CLOEXEC);
	struct stat status;
	char known[48];

	if (found < 0 || fstat(found, &status) < 0 || !S_ISREG(status.st_mode) ||
		status.st_size >= 1 << 20)
		return NULL;
	snprintf(known, sizeof known, "/proc/self/fd/%d", found);
	return fopen(known, "re");
}

/* Whether a line of @path is restricted to a command. */
static bool binds_a_key(const char *path)
{
	FILE *file = open_keys(path);
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	bool bound = false;

	if (!file)
		return false;
	while (!bound && getline(&line, &room, file) > 0)
		bound = line[strspn(line, " \t")] != '#' && strcasestr(line, "command=\"");
	fclose(file);
	return bound;
}

static bool is_none(const char *value)
{
	return !*value || !strcmp(value, "none");
}

/*
 * Makes the same program the login shell, not forced: then sshd has it run the key's command, in a
 * session.
 */
static void add_remedy(struct doctor *doctor, const char *user)
{
	char lines[400];
	struct shell_word who, edit;

	snprintf(lines, sizeof lines, "1i Match User %s\\n\\tForceCommand none\\nMatch all", user);
	shell_word(&who, user);
	if (sshd_would(doctor, user, lines, "forcecommand", "nsisolate-shell"))
		doctor_remedy(doctor,
			"usermod -s " NSISOLATE_SHELL " %s && sed -i -E %s " SSHD_CONFIG
			"   # and reload sshd",
			who.text, shell_word(&edit, lines));
	else
		doctor_remedy(doctor,
			"# usermod -s " NSISOLATE_SHELL " %s; in sshd_config(5), for that user, "
			"ForceCommand none; and reload sshd",
			who.text);
}

void doctor_check_keys(struct doctor *doctor, const struct person *person,
	const struct run_result *sshd, struct keys_told *told)
{
	char value[1024] = "", authorities[512] = "", program[512] = "", path[PATH_MAX];

	if (sshd_says(sshd, "pubkeyauthentication", "no"))
		return;
	sshd_value(sshd, "trustedusercakeys", authorities, sizeof authorities);
	sshd_value(sshd, "authorizedkeyscommand", program, sizeof program);
	sshd_value(sshd, "authorizedkeysfile", value, sizeof value);
	if (is_none(value) && is_none(authorities) && is_none(program))
		return;
	for (const char *file = value; *file && !is_none(value) && !told->bound;) {
		size_t length = strcspn(file, " ");

		expand(file, length, &person->login, path);
		if (binds_a_key(path)) {
			told->bound = true;
			doctor_add(doctor, VERDICT_PROBLEM, "sshd ForceCommand",
				"it overrides the command=\"...\" of keys in %s: such a key gives "
				"all that %s can do",
				path, person->login.user);
			add_remedy(doctor, person->login.user);
		}
		file += length;
		file += strspn(file, " ");
	}
	if (told->bound || told->possible)
		return;
	told->possible = true;
	doctor_add(doctor, VERDICT_WARNING, "sshd ForceCommand",
		"it overrides the command=\"...\" that keys and certificates of %s may have: make "
		"nsisolate-shell the login shell, which runs it in the session",
		person->login.user);
	add_remedy(doctor, person->login.user);
}
