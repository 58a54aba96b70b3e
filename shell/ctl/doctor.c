/*
 * nsisolatectl doctor - whether this machine isolates the logins that its rules want isolated, and
 * what leads around it.
 */
#include "doctor.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "rules.h"

enum status { STATUS_HEALTHY, STATUS_PROBLEM };

static void (*const checks[])(struct doctor *doctor) = {
	doctor_check_config,
	doctor_check_kernel,
	doctor_check_pam,
	doctor_check_sshd,
	doctor_check_shell,
	doctor_check_user_namespaces,
	doctor_check_files,
	doctor_check_doors,
};

/* The session's own view: its processes, its mounts, its limits. */
static void check_place(struct doctor *doctor)
{
	char comm[32] = "";
	FILE *file = fopen("/proc/1/comm", "re");

	if (file && fgets(comm, sizeof comm, file) && !strcmp(comm, "nsisolate-init\n"))
		doctor_add(doctor, VERDICT_UNSEEN, "host",
			"doctor runs inside a session, and sees what the session sees: run it outside");
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

bool doctor_rule_for(
	const struct doctor *doctor, const char *service, struct rules_summary *summary)
{
	if (!doctor->rules || !strcmp(service, RULES_NEVER_SERVICE))
		return false;
	for (size_t i = 0; i < rules_count(doctor->rules); i++) {
		rules_summarize(doctor->rules, i, summary);
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

	/* while nothing is known of rules: what they ask for where they say nothing else */
	if (!doctor->rules)
		return CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS;
	for (size_t i = 0; i < rules_count(doctor->rules); i++) {
		rules_summarize(doctor->rules, i, &summary);
		if (summary.policy.isolate)
			flags |= summary.policy.kinds;
	}
	return flags;
}

static bool examine(bool json)
{
	struct doctor doctor = {.root = geteuid() == 0};
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;
	bool healthy;

	/* what is wrong with them is told by doctor_check_config */
	rules_load(NSISOLATE_CONF, &rules, &diagnostics);
	doctor.rules = rules;
	doctor.lost = !stacks_read(&doctor.stacks);
	people_read(&doctor);
	check_place(&doctor);
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
		checks[i](&doctor);
	if (json)
		doctor_show_json(&doctor);
	else
		doctor_show_text(&doctor);
	if (doctor.lost)
		fputs(NAME ": no memory: this is not all\n", stderr);
	healthy = !doctor.lost && !doctor_tally(&doctor, VERDICT_PROBLEM);
	for (size_t i = 0; i < doctor.count; i++) {
		free(doctor.findings[i].subject);
		free(doctor.findings[i].why);
		free(doctor.findings[i].remedy);
	}
	free(doctor.findings);
	people_free(&doctor.people);
	stacks_free(&doctor.stacks);
	rules_free(rules);
	diagnostics_free(&diagnostics);
	return healthy;
}

int command_doctor(int argc, char **argv)
{
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") != 0)
			return command_usage(argv[0]);
		json = true;
	}
	return examine(json) ? STATUS_HEALTHY : STATUS_PROBLEM;
}
