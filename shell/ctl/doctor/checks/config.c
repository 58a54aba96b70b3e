/*
 * The configuration: what `nsisolatectl check` says of it, and of every other one that a stack
 * names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/file/config_file.h"
#include "conf/file/diagnostics.h"
#include "conf/login/name_service.h"
#include "shell/ctl/doctor/doctor.h"

/*
 * Configuration files, which only root may control because root obeys them; missing ones are
 * reported when they are read.
 */
static void check_trust(struct doctor *doctor, const char *path)
{
	struct diagnostics unsaid = DIAGNOSTICS_EMPTY; /* rules_load reports it again */
	char directory[4096];
	char **files;

	snprintf(directory, sizeof directory, "%s.d", path);
	if (access(path, F_OK) == 0)
		doctor_trusts(doctor, path, path);
	if (access(directory, F_OK) == 0)
		doctor_trusts(doctor, directory, directory);
	files = config_file_list(directory, NULL, &unsaid);
	for (char **file = files; file && *file; file++) {
		if (access(*file, F_OK) == 0)
			doctor_trusts(doctor, *file, *file);
		free(*file);
	}
	free(files);
	diagnostics_free(&unsaid);
}

/* Whether one of the findings from @first on is about this file. */
static bool is_told(const struct doctor *doctor, size_t first, const char *file)
{
	for (size_t i = first; i < doctor->count; i++)
		if (doctor->findings[i].verdict == VERDICT_PROBLEM &&
			!strcmp(doctor->findings[i].subject, file))
			return true;
	return false;
}

static void report(struct doctor *doctor, const char *path, const struct diagnostic *diagnostic)
{
	struct stat status;
	struct shell_word word;

	if (diagnostic->line)
		doctor_add(doctor,
			diagnostic->severity == SEVERITY_ERROR ? VERDICT_PROBLEM : VERDICT_WARNING,
			path, "%s:%u:%u: %s", diagnostic->file, diagnostic->line,
			diagnostic->column, diagnostic->text);
	else
		doctor_add(doctor,
			diagnostic->severity == SEVERITY_ERROR ? VERDICT_PROBLEM : VERDICT_WARNING,
			path, "%s: %s", diagnostic->file, diagnostic->text);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		doctor_remedy(
			doctor, "make install   # or install the package again: it is missing");
	else if (!diagnostic->line && lstat(diagnostic->file, &status) == 0 &&
		 S_ISLNK(status.st_mode))
		doctor_remedy(doctor, "# give that link a target, or remove it");
	else if (!diagnostic->line && stat(diagnostic->file, &status) == 0 &&
		 !S_ISREG(status.st_mode))
		doctor_remedy(doctor, "# put a file in its place, or remove it");
	else if (!diagnostic->line && !config_file_is_drop_in(diagnostic->file))
		doctor_remedy(doctor, "mv -n %s %s.conf   # if it is meant",
			shell_word(&word, diagnostic->file), word.text);
	else
		doctor_remedy(doctor, "nsisolatectl edit%s%s",
			!strcmp(diagnostic->file, NSISOLATE_CONF) ? "" : " ",
			!strcmp(diagnostic->file, NSISOLATE_CONF)
				? ""
				: shell_word(&word, diagnostic->file));
}

static void check_trials(struct doctor *doctor, const char *path, const struct rules *rules)
{
	struct rules_summary summary;

	for (size_t i = 0; i < rules_count(rules); i++) {
		rules_summarize(rules, i, &summary);
		if (!summary.policy.observe)
			continue;
		doctor_add(doctor, VERDICT_WARNING, path,
			"the rule [%s] is on trial (isolate = observe): its logins are not "
			"isolated, the log says what they would get",
			summary.place.rule);
		doctor_remedy(
			doctor, "nsisolatectl edit   # in [%s]: isolate = yes", summary.place.rule);
	}
}

static void check_one(struct doctor *doctor, const char *path)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;
	size_t before = doctor->count;

	check_trust(doctor, path);

	if (access(path, R_OK) < 0 && errno == EACCES) {
		doctor_add(doctor, VERDICT_UNSEEN, path, "%s", strerror(EACCES));
		return;
	}
	if (rules_load(path, &rules, &diagnostics) == 0)
		rules_lint(rules, doctor->facts->names, &diagnostics);
	config_file_lint(path, &diagnostics);
	for (size_t i = 0; i < diagnostics.count; i++)
		/* owner and mode are reported already, with their fix */
		if (diagnostics.list[i].line || !is_told(doctor, before, diagnostics.list[i].file))
			report(doctor, path, &diagnostics.list[i]);
	doctor->lost |= diagnostics.lost;
	if (rules)
		check_trials(doctor, path, rules);
	if (rules && doctor->count == before)
		doctor_add(doctor, VERDICT_OK, path, "%zu rules", rules_count(rules));
	rules_free(rules);
	diagnostics_free(&diagnostics);
}

/* The daemon behind a service of nsswitch.conf. */
static const char *daemon_of(const char *service)
{
	static const struct {
		const char *service, *daemon;
	} daemons[] = {{"sss", "sssd"}, {"ldap", "nslcd"}, {"winbind", "winbind"}};

	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++)
		if (strstr(service, daemons[i].service))
			return daemons[i].daemon;
	return NULL;
}

static void check_name_services(struct doctor *doctor)
{
	const struct name_services *services = &doctor->facts->services;
	const char *daemon;
	char why[512], known[128];

	if (doctor->facts->names)
		return;
	name_services_describe(services, why, sizeof why);
	doctor_add(doctor, VERDICT_PROBLEM, "names",
		*services->silent
			? "%s; logins wait for it, and what follows comes from the other services"
			: "%s; its users do not get in, and rules for groups may be undecided",
		why);
	nss_services("group", known, sizeof known);
	daemon = daemon_of(*services->silent ? services->silent : known);
	if (daemon)
		doctor_remedy(doctor, "systemctl restart %s", daemon);
	else
		doctor_remedy(doctor, "# see nsswitch.conf(5), and the daemon of that service");
}

void doctor_check_config(struct doctor *doctor)
{
	check_name_services(doctor);
	for (size_t i = 0; i < doctor->facts->configuration_count; i++)
		check_one(doctor, doctor->facts->configurations[i].path);
}
