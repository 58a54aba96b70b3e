#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "c_locale.h"
#include "conf/common/array.h"
#include "conf/common/kinds.h"
#include "conf/file/lookalike.h"
#include "rules_internal.h"

#define DEFAULTS "defaults"

static void report(struct diagnostics *diagnostics, const struct config_place *place, size_t offset,
	const char *text)
{
	diagnostics_add(diagnostics, SEVERITY_ERROR, place->file, place->line,
		place->column + (unsigned)offset, place->source, "%s", text);
}

static void report_unknown(struct diagnostics *diagnostics, const struct config_item *item)
{
	const char *nearest = key_nearest_name(item->key);
	char text[256];

	if (nearest)
		snprintf(text, sizeof text, "unknown key '%.64s' (did you mean %s?)", item->key,
			nearest);
	else
		snprintf(text, sizeof text, "unknown key '%.64s': nsisolate.conf(5) lists them",
			item->key);
	report(diagnostics, &item->key_place, 0, text);
}

/* The cause may be a character that looks like another one. */
static void report_value(struct diagnostics *diagnostics, const struct config_item *item,
	const struct key_fault *fault)
{
	char what[LOOKALIKE_TEXT_MAX], text[sizeof fault->text + LOOKALIKE_TEXT_MAX + 16];
	size_t offset;

	snprintf(text, sizeof text, "%s", fault->text);
	if (lookalike_find(item->value, false, &offset, what))
		snprintf(text, sizeof text, "%s; here is %s", fault->text, what);
	report(diagnostics, &item->place, fault->offset, text);
}

static void take_section(
	struct rule *rule, const struct config_section *section, struct diagnostics *diagnostics)
{
	static const char *const reserved[] = {DEFAULTS};
	bool defaults = !strcmp(section->name, DEFAULTS);

	rule->section = section;
	/* as a rule it would have no matcher, and match every login */
	if (!defaults && key_nearest(section->name, reserved, 1))
		report(diagnostics, &section->place, 0,
			"did you mean [defaults]? If this is a rule, give it a name less like it");
	for (size_t i = 0; i < section->count; i++) {
		const struct config_item *item = &section->items[i];
		enum key_id id = key_by_name(item->key);
		struct key_fault fault;

		if (id == KEY_COUNT) {
			report_unknown(diagnostics, item);
			continue;
		}
		if (defaults && id < KEY_MATCHERS) {
			report(diagnostics, &item->key_place, 0,
				"a matcher, but [defaults] is not a rule: put it into the rules "
				"that it is for");
			continue;
		}
		if (!key_check(id, item->value, &fault))
			report_value(diagnostics, item, &fault);
		rule->items[id] = item;
	}
}

/* Whether the rule matches every login. */
static bool matches_all(const struct rule *rule)
{
	for (int id = 0; id < KEY_MATCHERS; id++)
		if (rule->items[id] &&
			!pattern_matches_all(rule->items[id]->value, matchers[id].subject))
			return false;
	return true;
}

static void warn_unreachable(const struct rules *rules, struct diagnostics *diagnostics)
{
	const struct config_section *all = NULL;

	for (size_t i = 0; i < rules->count; i++) {
		const struct config_section *section = rules->list[i].section;

		if (all)
			diagnostics_add(diagnostics, SEVERITY_WARNING, section->place.file,
				section->place.line, section->place.column, section->place.source,
				"[%s] can never match: [%s] at %s:%u matches every login before it",
				section->name, all->name, all->place.file, all->place.line);
		else if (matches_all(&rules->list[i]))
			all = section;
	}
}

/* What the words of `privacy` stand for, beyond the built-in values. */
static const struct {
	enum policy_privacy word;
	enum key_id id;
	const char *value;
} presets[] = {
	{PRIVACY_STRICT, KEY_NAMESPACES, "uts, pid, ipc, cgroup"},
	{PRIVACY_STRICT, KEY_NETWORK, "user"},
	{PRIVACY_STRICT, KEY_PRIVATE, "/tmp, /var/tmp, /dev/shm"},
};

static const char *preset_value(const struct config_item *privacy, enum key_id id)
{
	for (size_t i = 0; privacy && i < ARRAY_SIZE(presets); i++)
		if (presets[i].id == id &&
			!strcasecmp(privacy->value, settings[KEY_PRIVACY].words[presets[i].word]))
			return presets[i].value;
	return NULL;
}

static bool names_net(const struct rules *rules, const struct rule *rule);

const struct config_item *rule_setting(
	const struct rules *rules, const struct rule *rule, enum key_id id, const char **preset)
{
	const struct config_item *own = rule->items[KEY_PRIVACY],
				 *all = own ? NULL : rules->defaults.items[KEY_PRIVACY];
	const char *nothing = NULL, **value = preset ? preset : &nothing;

	*value = NULL;
	if (rule->items[id])
		return rule->items[id];
	*value = preset_value(own, id);
	if (!*value && rules->defaults.items[id])
		return rules->defaults.items[id];
	if (!*value)
		*value = preset_value(all, id);
	/* a rule's own word, which means `network = none` */
	if (*value && id == KEY_NETWORK && names_net(rules, rule))
		*value = NULL;
	return !*value ? NULL : own ? own : all;
}

/* Whether its `namespaces` names net, which is `network = none`. */
static bool names_net(const struct rules *rules, const struct rule *rule)
{
	const char *preset;
	const struct config_item *item = rule_setting(rules, rule, KEY_NAMESPACES, &preset);
	struct policy policy = {0};
	struct key_fault fault;

	return item && !preset && key_take(KEY_NAMESPACES, item->value, &policy, &fault) &&
	       (policy.kinds & kind_by_name("net")->flag);
}

const char *rule_value(const struct rules *rules, const struct rule *rule, enum key_id id)
{
	const char *preset;
	const struct config_item *item = rule_setting(rules, rule, id, &preset);

	if (!item && id == KEY_NETWORK && names_net(rules, rule))
		return settings[id].words[NETWORK_NONE];
	return preset ? preset : item ? item->value : settings[id].builtin;
}

bool rule_take_setting(const struct rules *rules, const struct rule *rule, enum key_id id,
	struct policy *policy, struct key_fault *fault)
{
	const char *value = rule_value(rules, rule, id);

	return !value || key_take(id, value, policy, fault);
}

bool rule_take_settings(const struct rules *rules, const struct rule *rule, struct policy *policy,
	enum key_id *id, struct key_fault *fault)
{
	for (*id = KEY_MATCHERS; *id < KEY_COUNT; ++*id)
		if (!rule_take_setting(rules, rule, *id, policy, fault))
			return false;
	return true;
}

/* What a rule asks for, but makes impossible itself. */
static void check_contradictions(
	const struct rules *rules, const struct rule *rule, struct diagnostics *diagnostics)
{
	const struct config_item *scope = rule_setting(rules, rule, KEY_SCOPE, NULL);
	const struct config_item *network = rule_setting(rules, rule, KEY_NETWORK, NULL);
	struct policy policy = {0};
	struct key_fault fault;
	enum key_id id;
	bool pid;

	/* without these words nothing could contradict them */
	if ((!scope && !network) || !rule_take_settings(rules, rule, &policy, &id, &fault))
		return;
	pid = policy.kinds & kind_by_name("pid")->flag;
	if (scope && policy.scope == SCOPE_USER && !pid)
		report(diagnostics, &scope->place, 0,
			"logins can share a session only where `namespaces` names pid");
	if (network && policy.network == NETWORK_USER && !pid)
		report(diagnostics, &network->place, 0,
			"a session has a network with a way out only where `namespaces` names pid");
	if (network && policy.network != NETWORK_NONE && names_net(rules, rule))
		report(diagnostics, &network->place, 0,
			"`namespaces` names net, which means `network = none`: one of them must "
			"go");
}

/* Turns sections into rules; their contents are checked here, once, for every login. */
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
	/* errors that follow from a word that was not understood would only confuse */
	if (diagnostics->errors)
		return -EINVAL;
	for (size_t i = 0; i < rules->count; i++)
		check_contradictions(rules, &rules->list[i], diagnostics);
	if (diagnostics->errors)
		return -EINVAL;
	if (!rules->count)
		diagnostics_add(diagnostics, SEVERITY_WARNING, path, 0, 0, NULL,
			"there is no rule, so no login is isolated");
	warn_unreachable(rules, diagnostics);
	return 0;
}

static int load(const char *path, const struct config_change *change, struct rules **rules,
	struct diagnostics *diagnostics)
{
	_in_c_locale_ locale = c_locale_enter();
	struct rules *loaded = calloc(1, sizeof *loaded);
	int result;

	*rules = NULL;
	if (!loaded) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL, "no memory");
		return -ENOMEM;
	}
	config_read(&loaded->config, path, change, diagnostics);
	result = take_config(loaded, path, diagnostics);
	diagnostics_sort(diagnostics);
	if (result < 0) {
		rules_free(loaded);
		return result;
	}
	*rules = loaded;
	return 0;
}

int rules_load(const char *path, struct rules **rules, struct diagnostics *diagnostics)
{
	return load(path, NULL, rules, diagnostics);
}

int rules_load_changed(const char *path, const char *file, const char *with, struct rules **rules,
	struct diagnostics *diagnostics)
{
	return load(path, &(struct config_change){file, with}, rules, diagnostics);
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	config_free(&rules->config);
	free(rules->list);
	free(rules);
}
