/*
 * The rules of all configurations: ours, and those that a line of PAM's names by conf=.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "conf/rules/rules.h"
#include "shell/ctl/doctor/doctor.h"

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

static bool read_configuration(struct doctor *doctor, const char *path)
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

bool doctor_read_configurations(struct doctor *doctor)
{
	if (!read_configuration(doctor, NSISOLATE_CONF))
		return false;
	for (size_t i = 0; i < doctor->stacks.count; i++) {
		const char *path = stack_configuration(&doctor->stacks.list[i]);

		if (path && !read_configuration(doctor, path))
			return false;
	}
	return true;
}

void doctor_free_configurations(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->configuration_count; i++)
		rules_free(doctor->configurations[i].rules);
	free(doctor->configurations);
}
