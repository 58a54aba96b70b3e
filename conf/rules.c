#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "hostname.h"
#include "keys.h"
#include "kinds.h"

#define DEFAULTS "defaults"

struct rule {
	const struct config_section *section;
	const struct config_item *items[KEY_COUNT]; /* by key; NULL: not set here */
};

struct rules {
	struct config config;
	struct rule defaults;
	struct rule *list;
	size_t count;
};

static void report(struct diagnostics *diagnostics, enum severity severity,
	const struct config_place *place, size_t offset, const char *text)
{
	diagnostics_add(diagnostics, severity, place->file, place->line,
		place->column + (unsigned)offset, place->source, "%s", text);
}

static void report_unknown(struct diagnostics *diagnostics, const struct config_item *item)
{
	const char *nearest = key_nearest_name(item->key);

	if (nearest)
		diagnostics_add(diagnostics, SEVERITY_ERROR, item->key_place.file,
			item->key_place.line, item->key_place.column, item->key_place.source,
			"unknown key '%s' (did you mean %s?)", item->key, nearest);
	else
		diagnostics_add(diagnostics, SEVERITY_ERROR, item->key_place.file,
			item->key_place.line, item->key_place.column, item->key_place.source,
			"unknown key '%s': nsisolate.conf(5) lists them", item->key);
}

static void take_section(
	struct rule *rule, const struct config_section *section, struct diagnostics *diagnostics)
{
	bool defaults = !strcmp(section->name, DEFAULTS);

	rule->section = section;
	for (size_t i = 0; i < section->count; i++) {
		const struct config_item *item = &section->items[i];
		enum key_id id = key_by_name(item->key);
		struct key_fault fault;

		if (id == KEY_COUNT) {
			report_unknown(diagnostics, item);
			continue;
		}
		if (defaults && id < KEY_MATCHERS) {
			report(diagnostics, SEVERITY_ERROR, &item->key_place, 0,
				"a matcher, but [defaults] is no rule: put it into the rules that it is "
				"for");
			continue;
		}
		if (!key_check(id, item->value, &fault))
			report(diagnostics, SEVERITY_ERROR, &item->place, fault.offset, fault.text);
		rule->items[id] = item;
	}
}

/* Whether the rule matches every login. */
static bool matches_all(const struct rule *rule)
{
	for (int id = 0; id < KEY_MATCHERS; id++)
		if (rule->items[id] && (keys[id].subject == PATTERN_NUMBER ||
					       !pattern_matches_all(rule->items[id]->value)))
			return false;
	return true;
}

static void warn_unreachable(const struct rules *rules, struct diagnostics *diagnostics)
{
	const struct rule *all = NULL;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->list[i];

		if (all)
			diagnostics_add(diagnostics, SEVERITY_WARNING, rule->section->place.file,
				rule->section->place.line, rule->section->place.column,
				rule->section->place.source,
				"[%s] can never match: [%s] at %s:%u matches every login before it",
				rule->section->name, all->section->name, all->section->place.file,
				all->section->place.line);
		else if (matches_all(rule))
			all = rule;
	}
}

/* Sections into rules; what they say is checked here, once, for every login. */
static int take_config(struct rules *rules, const char *path, struct diagnostics *diagnostics)
{
	const struct config *config = &rules->config;

	rules->list = calloc(config->count + 1, sizeof *rules->list);
	if (!rules->list) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL, "no memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < config->count; i++) {
		const struct config_section *section = &config->sections[i];

		take_section(!strcmp(section->name, DEFAULTS) ? &rules->defaults
							      : &rules->list[rules->count++],
			section, diagnostics);
	}
	if (!rules->count && !diagnostics->errors)
		diagnostics_add(diagnostics, SEVERITY_WARNING, path, 0, 0, NULL,
			"there is no rule, so no login is isolated");
	warn_unreachable(rules, diagnostics);
	return 0;
}

int rules_load(const char *path, struct rules **rules, struct diagnostics *diagnostics)
{
	struct rules *loaded = calloc(1, sizeof *loaded);

	*rules = NULL;
	if (!loaded) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL, "no memory");
		return -ENOMEM;
	}
	config_read(&loaded->config, path, diagnostics);
	if (take_config(loaded, path, diagnostics) < 0 || diagnostics->errors) {
		rules_free(loaded);
		return -EINVAL;
	}
	*rules = loaded;
	return 0;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	config_free(&rules->config);
	free(rules->list);
	free(rules);
}

/* ---- a login against the rules ---- */

/* 1, 0, or a negative errno: it cannot be told. */
static int match_rule(const struct rule *rule, struct login *login, struct error *error)
{
	struct error cause;

	for (int id = 0; id < KEY_MATCHERS; id++) {
		int matched = 1;

		if (rule->items[id])
			matched = key_match((enum key_id)id, rule->items[id]->value, login, &cause);
		if (matched < 0)
			return error_set(error, -matched, "rule [%s], %s: %s", rule->section->name,
				keys[id].name, cause.text);
		if (!matched)
			return 0;
	}
	return 1;
}

/* What counts for a setting: the rule's value, else that of [defaults], else the built-in one. */
static const char *setting(const struct rules *rules, const struct rule *rule, enum key_id id)
{
	if (rule->items[id])
		return rule->items[id]->value;
	if (rules->defaults.items[id])
		return rules->defaults.items[id]->value;
	return keys[id].builtin;
}

static int expand_names(const struct rules *rules, const struct rule *rule, struct login *login,
	struct policy *policy, struct error *error)
{
	const char *domainname = setting(rules, rule, KEY_DOMAINNAME);
	int result;

	if (!(policy->kinds & kind_by_name("uts")->flag))
		return 0;
	result = hostname_expand(
		setting(rules, rule, KEY_HOSTNAME), login, policy->rule, policy->hostname, error);
	if (!result && domainname)
		result =
			hostname_expand(domainname, login, policy->rule, policy->domainname, error);
	return result;
}

static int fill_policy(const struct rules *rules, const struct rule *rule, struct login *login,
	struct policy *policy, struct error *error)
{
	struct key_fault fault;

	strcpy(policy->rule, rule->section->name);
	for (int id = KEY_MATCHERS; id < KEY_COUNT; id++) {
		const char *value = setting(rules, rule, (enum key_id)id);

		if (value && !keys[id].take(value, policy, &fault))
			return error_set(error, EINVAL, "rule [%s], %s: %s", policy->rule,
				keys[id].name, fault.text);
	}
	return policy->isolate ? expand_names(rules, rule, login, policy, error) : 0;
}

int rules_match(
	const struct rules *rules, struct login *login, struct policy *policy, struct error *error)
{
	*policy = (struct policy){.isolate = false};
	for (size_t i = 0; i < rules->count; i++) {
		int matched = match_rule(&rules->list[i], login, error);

		if (matched < 0)
			return matched;
		if (matched)
			return fill_policy(rules, &rules->list[i], login, policy, error);
	}
	return 0;
}
