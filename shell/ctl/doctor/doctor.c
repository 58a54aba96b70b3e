/*
 * nsisolatectl doctor - whether this machine isolates the logins that its rules want isolated, and
 * what bypasses that.
 */
#include "doctor.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/rules/rules.h"
#include "shell/ctl/command.h"

enum status { STATUS_HEALTHY, STATUS_PROBLEM };

static void (*const checks[])(struct doctor *doctor) = {
	doctor_check_config,
	doctor_check_kernel,
	doctor_check_pam,
	doctor_check_applications,
	doctor_check_sshd,
	doctor_check_shell,
	doctor_check_user_namespaces,
	doctor_check_files,
	doctor_check_doors,
	doctor_check_procs,
	doctor_check_names,
	doctor_check_outside,
};

/*
 * Reports where doctor itself runs: inside a session it sees the session's processes, mounts and
 * limits.
 */
static void check_place(struct doctor *doctor)
{
	char comm[32] = "";
	FILE *file = fopen("/proc/1/comm", "re");

	doctor->inside =
		file && fgets(comm, sizeof comm, file) && !strcmp(comm, "nsisolate-init\n");
	if (doctor->inside)
		doctor_add(doctor, VERDICT_UNSEEN, "host",
			"doctor runs inside a session, and sees what the session sees: run it "
			"outside");
	if (file)
		fclose(file);
}

bool doctor_is_named(const struct rules_summary *summary, const char *service)
{
	const char *cursor = summary->service, *pattern;
	size_t length;
	bool negated;

	while (pattern_next(&cursor, &pattern, &length, &negated))
		if (!negated && strlen(service) == length && !strncmp(pattern, service, length))
			return true;
	return false;
}

const struct rules *doctor_rules(const struct doctor *doctor, const char *service)
{
	const char *path = stack_configuration(stacks_find(&doctor->stacks, service));

	for (size_t i = 0; path && i < doctor->configuration_count; i++)
		if (!strcmp(doctor->configurations[i].path, path))
			return doctor->configurations[i].rules;
	return doctor->configurations[0].rules;
}

bool doctor_next_rule(const struct doctor *doctor, size_t *cursor, struct rules_summary *summary)
{
	size_t before = 0;

	for (size_t i = 0; i < doctor->configuration_count; i++) {
		const struct rules *rules = doctor->configurations[i].rules;
		size_t count = rules ? rules_count(rules) : 0;

		for (; *cursor < before + count; ++*cursor) {
			rules_summarize(rules, *cursor - before, summary);
			if (summary->policy.isolate) {
				++*cursor;
				return true;
			}
		}
		before += count;
	}
	return false;
}

bool doctor_groups_matter(const struct doctor *doctor)
{
	struct rules_summary summary;

	for (size_t i = 0; i < doctor->configuration_count; i++) {
		const struct rules *rules = doctor->configurations[i].rules;

		for (size_t rule = 0; rules && rule < rules_count(rules); rule++) {
			rules_summarize(rules, rule, &summary);
			if (summary.groups)
				return true;
		}
	}
	return false;
}

bool doctor_rule_for(
	const struct doctor *doctor, const char *service, struct rules_summary *summary)
{
	const struct rules *rules = doctor_rules(doctor, service);

	if (!rules || rules_never_isolate(service))
		return false;
	for (size_t i = 0; i < rules_count(rules); i++) {
		rules_summarize(rules, i, summary);
		if (summary->service &&
			!pattern_match(summary->service, PATTERN_WORD, &service, 1, NULL))
			continue;
		if (summary->policy.isolate)
			return true;
		if (summary->service_only)
			return false;
	}
	return false;
}

int doctor_kinds(const struct doctor *doctor)
{
	struct rules_summary summary;
	int flags = 0;

	/* while the rules are unknown: the default kinds */
	if (!doctor->configurations[0].rules)
		return CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS;
	for (size_t cursor = 0; doctor_next_rule(doctor, &cursor, &summary);)
		flags |= summary.policy.kinds;
	return flags;
}

static bool load(struct doctor *doctor, const char *path)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct configuration *list;

	for (size_t i = 0; i < doctor->configuration_count; i++)
		if (!strcmp(doctor->configurations[i].path, path))
			return true;
	list = reallocarray(doctor->configurations, doctor->configuration_count + 1, sizeof *list);
	if (!list)
		return false;
	doctor->configurations = list;
	list += doctor->configuration_count++;
	list->path = path;
	/* doctor_check_config reports what is wrong with it */
	rules_load(path, &list->rules, &diagnostics);
	diagnostics_free(&diagnostics);
	return true;
}

/* Gathers everything that more than one check examines. */
static bool gather(struct doctor *doctor)
{
	/* before any account is looked up: a service that hangs is then left out */
	doctor->names = name_services_ask(&doctor->services);
	if (!stacks_read(&doctor->stacks) || !load(doctor, NSISOLATE_CONF))
		return false;
	for (size_t i = 0; i < doctor->stacks.count; i++) {
		const char *path = stack_configuration(&doctor->stacks.list[i]);

		if (path && !load(doctor, path))
			return false;
	}
	people_read(doctor);
	doctor_ask_sshd(doctor);
	return !doctor->lost;
}

static void doctor_free(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++) {
		free(doctor->findings[i].subject);
		free(doctor->findings[i].why);
		free(doctor->findings[i].remedy);
	}
	free(doctor->findings);
	free(doctor->sshd.said);
	people_free(&doctor->people);
	for (size_t i = 0; i < doctor->configuration_count; i++)
		rules_free(doctor->configurations[i].rules);
	free(doctor->configurations);
	stacks_free(&doctor->stacks);
}

static enum status examine(bool json)
{
	struct doctor doctor = {.root = geteuid() == 0};
	bool healthy = gather(&doctor);

	doctor.lost |= !healthy;
	check_place(&doctor);
	for (size_t i = 0; healthy && i < ARRAY_SIZE(checks); i++)
		checks[i](&doctor);
	if (json)
		doctor_show_json(&doctor);
	else
		doctor_show_text(&doctor);
	healthy &= !doctor.lost && !doctor_tally(&doctor, VERDICT_PROBLEM);
	if (doctor.lost)
		fputs(NAME ": no memory: the report is incomplete\n", stderr);
	doctor_free(&doctor);
	return healthy ? STATUS_HEALTHY : STATUS_PROBLEM;
}

int command_doctor(int argc, char **argv)
{
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") != 0)
			return command_usage(argv[0]);
		json = true;
	}
	return (int)examine(json);
}
