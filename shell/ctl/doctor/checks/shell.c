/*
 * nsisolate-shell as a login shell.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "shell/common/real_shell.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/facts/config_lines.h"

#define SHELLS "/etc/shells"

static int is_listed(const char *shell)
{
	char line[512];
	FILE *file = fopen(SHELLS, "re");
	int found = 0;

	if (!file)
		return -errno;
	while (!found && fgets(line, sizeof line, file)) {
		line[strcspn(line, "#\n")] = '\0';
		line[strcspn(line, " \t")] = '\0';
		found = !strcmp(line, shell);
	}
	fclose(file);
	return found;
}

static void check_shells(struct doctor *doctor, const char *shell)
{
	int listed = is_listed(shell);

	if (listed == -ENOENT)
		return; /* then getusershell(3) has built-in ones */
	if (listed < 0) {
		doctor_add(doctor, VERDICT_UNSEEN, SHELLS, "%s", strerror(-listed));
	} else if (listed) {
		doctor_add(doctor, VERDICT_OK, SHELLS, "names %s", shell);
	} else {
		doctor_add(doctor, VERDICT_WARNING, SHELLS,
			"lacks %s: chsh, and services with pam_shells, refuse its users", shell);
		doctor_remedy(doctor, "# in shells(5): %s; the package adds it", shell);
	}
}

/* The shell that nsisolate-shell starts for this user. */
static void check_real_shell(struct doctor *doctor, const struct person *person)
{
	const struct rules *rules = doctor_rules(doctor->facts, "nsisolate-shell");
	struct error error = {0};
	const char *shell;
	char subject[80];
	struct shell_word word;

	snprintf(subject, sizeof subject, "user %.64s", person->login.user);
	if (real_shell_find(&shell, &person->policy, &person->login, &error) < 0) {
		doctor_add(doctor, VERDICT_PROBLEM, subject, "%s", error.text);
		doctor_remedy(doctor, "nsisolatectl edit   # name another shell in [%s]",
			person->policy.rule);
	} else if (access(shell, X_OK) < 0) {
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"the shell behind nsisolate-shell, %s, cannot be run: %s", shell,
			strerror(errno));
		doctor_remedy(doctor, "nsisolatectl edit   # shell = %s in [%s] is not there",
			shell_word(&word, shell), person->policy.rule);
	} else if (rules && !person_is_isolated(person) && !*person->policy.rule &&
		   person->login.uid) {
		doctor_add(doctor, VERDICT_WARNING, subject,
			"has nsisolate-shell as login shell, but no rule matches: not isolated");
		doctor_remedy(doctor, "nsisolatectl explain --service nsisolate-shell %s",
			shell_word(&word, person->login.user));
	} else {
		doctor_add(doctor, VERDICT_OK, subject, "nsisolate-shell starts %s%s", shell,
			person->by_shell || !rules ? "" : ", and isolates nothing");
	}
}

#define CACHE_NAME_MAX 63

/* The first line counts. */
static void take_cache_name(const char *line, void *value)
{
	if (!*(const char *)value)
		sscanf(line, " default_ccache_name = %63s", (char *)value);
}

/*
 * Keyrings that are found by uid belong to a user namespace (user_namespaces(7), keyrings(7)), so
 * those of a session of nsisolate-shell are not the host's.  Only Kerberos tells whether it uses
 * them.
 */
static void check_keyrings(struct doctor *doctor)
{
	static const char *const patterns[] = {"/etc/krb5.conf", "/etc/krb5.conf.d/*"};
	char value[CACHE_NAME_MAX + 1] = "";

	config_lines(patterns, ARRAY_SIZE(patterns), take_cache_name, value);
	if (strncmp(value, "KEYRING:", 8) != 0)
		return;
	doctor_add(doctor, VERDICT_WARNING, "keyrings",
		"Kerberos' default_ccache_name is %s, but a session of nsisolate-shell has "
		"keyrings of its own: it lacks the tickets from outside",
		value);
	doctor_remedy(
		doctor, "# in krb5.conf(5): default_ccache_name = DIR:/run/user/%%{uid}/krb5cc");
}

void doctor_check_shell(struct doctor *doctor)
{
	if (doctor->facts->shell_used)
		check_keyrings(doctor);
	for (size_t i = 0; i < doctor->facts->people.count; i++) {
		const struct person *person = &doctor->facts->people.list[i];
		const char *shell = person->login.shell;
		char subject[80];
		struct shell_word word;

		if (!person->uses_shell)
			continue;
		check_shells(doctor, shell);
		snprintf(subject, sizeof subject, "user %.64s", person->login.user);
		if (access(shell, X_OK) == 0) {
			check_real_shell(doctor, person);
			continue;
		}
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"the login shell %s cannot be run (%s): this user does not get in", shell,
			strerror(errno));
		doctor_remedy(doctor, "usermod -s " NSISOLATE_SHELL " %s",
			shell_word(&word, person->login.user));
	}
}
