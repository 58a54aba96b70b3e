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

bool doctor_is_idle(const struct facts *facts, const struct rules_summary *summary)
{
	return !facts->shell_used && summary->service &&
	       !strcmp(summary->service, "nsisolate-shell");
}

const struct rules *doctor_rules(const struct facts *facts, const char *service)
{
	const char *path = stack_configuration(stacks_find(&facts->stacks, service));

	for (size_t i = 0; path && i < facts->configuration_count; i++)
		if (!strcmp(facts->configurations[i].path, path))
			return facts->configurations[i].rules;
	return facts->configurations[0].rules;
}

bool doctor_next_rule(const struct facts *facts, size_t *cursor, struct rules_summary *summary)
{
	size_t before = 0;

	for (size_t i = 0; i < facts->configuration_count; i++) {
		const struct rules *rules = facts->configurations[i].rules;
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

bool doctor_groups_matter(const struct facts *facts)
{
	struct rules_summary summary;

	for (size_t i = 0; i < facts->configuration_count; i++) {
		const struct rules *rules = facts->configurations[i].rules;

		for (size_t rule = 0; rules && rule < rules_count(rules); rule++) {
			rules_summarize(rules, rule, &summary);
			if (summary.groups)
				return true;
		}
	}
	return false;
}

bool doctor_rule_for(const struct facts *facts, const char *service, struct rules_summary *summary)
{
	const struct rules *rules = doctor_rules(facts, service);

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

int doctor_kinds(const struct facts *facts)
{
	struct rules_summary summary;
	int flags = 0;

	/* while the rules are unknown: the default kinds */
	if (!facts->configurations[0].rules)
		return CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS;
	for (size_t cursor = 0; doctor_next_rule(facts, &cursor, &summary);)
		flags |= summary.policy.kinds;
	return flags;
}

static bool read_configuration(struct facts *facts, const char *path)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct configuration *list;

	for (size_t i = 0; i < facts->configuration_count; i++)
		if (!strcmp(facts->configurations[i].path, path))
			return true;
	list = reallocarray(facts->configurations, facts->configuration_count + 1, sizeof *list);
	if (!list)
		return false;
	facts->configurations = list;
	list += facts->configuration_count++;
	list->path = path;
	/* doctor_check_config reports what is wrong with it */
	rules_load(path, &list->rules, &diagnostics);
	diagnostics_free(&diagnostics);
	return true;
}

bool doctor_read_configurations(struct facts *facts)
{
	if (!read_configuration(facts, NSISOLATE_CONF))
		return false;
	for (size_t i = 0; i < facts->stacks.count; i++) {
		const char *path = stack_configuration(&facts->stacks.list[i]);

		if (path && !read_configuration(facts, path))
			return false;
	}
	return true;
}

void doctor_free_configurations(struct facts *facts)
{
	for (size_t i = 0; i < facts->configuration_count; i++)
		rules_free(facts->configurations[i].rules);
	free(facts->configurations);
}
