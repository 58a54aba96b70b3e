/* A login against the rules; and what a rule comes to without one. */
#include "rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "c_locale.h"
#include "conf/common/array.h"
#include "conf/common/kinds.h"
#include "hostname.h"
#include "rules_internal.h"

bool rules_never_isolate(const char *service)
{
	/* of systemd, elogind, OpenRC and turnstile (Chimera, Void) */
	static const char *const managers[] = {
		"systemd-user", "elogind-user", "openrc-user", "turnstiled"};

	for (size_t i = 0; service && i < ARRAY_SIZE(managers); i++)
		if (!strcmp(service, managers[i]))
			return true;
	return false;
}

static struct rules_place rules_place_of(const struct rule *rule, const struct config_place *place)
{
	return (struct rules_place){rule->section->name, place->file, place->line};
}

/* One pass over the rules with a login. */
struct walk {
	const struct rules *rules;
	struct login *login;
	const struct rules_listener *listener; /* or NULL */
	bool ask; /* NSS, for groups */

	/* the possible results: `last` is the result if nothing stays unknown */
	const struct rule *last; /* NULL: no rule matches */
	const struct rule *isolating; /* the last one that isolates; NULL: none */
	bool open; /* more than one result is possible */
	bool left_alone; /* one of them is that the login is left alone */
	bool two_policies; /* two of them isolate, and differ */
	bool two_shells; /* two leave it alone, with different shells */
	bool negated; /* something unknown is negated by `!` */
	const struct rule *unknown; /* the first rule of which it is unknown whether it matches */
	size_t groups; /* how many groups are named by rules of which that is unknown */
	char shell[POLICY_SHELL_MAX + 1]; /* of the first rule that leaves the login alone */
};

/* uid 0 also gets in while NSS hangs. */
static bool may_ask(const struct walk *walk)
{
	return walk->ask && walk->login->uid;
}

static void tell_matcher(const struct walk *walk, const struct rule *rule, enum key_id id,
	const struct key_look *look, const struct pattern_reason *reason, enum truth answer)
{
	const struct config_item *item = rule->items[id];

	if (walk->listener)
		walk->listener->matcher(walk->listener->data,
			&(struct rules_matcher){
				.place = rules_place_of(rule, &item->key_place),
				.key = matchers[id].name,
				.list = item->value,
				.values = look->values,
				.count = look->count,
				.reason = reason,
				.answer = answer,
				.asked = may_ask(walk),
			});
}

static void note_passed_over(struct walk *walk, const struct rule *rule)
{
	if (!*walk->login->doubt.text)
		error_set(&walk->login->doubt, 0,
			"rule [%s] was passed over: for uid 0 no service is asked for a group",
			rule->section->name);
}

/* TRUTH_UNKNOWN: it has a group matcher, and that one is unknown. */
static enum truth match_rule(struct walk *walk, const struct rule *rule)
{
	enum truth answer = TRUTH_YES;

	for (int id = 0; id < KEY_MATCHERS && answer == TRUTH_YES; id++) {
		struct key_look look;
		struct pattern_reason reason;

		if (!rule->items[id])
			continue;
		answer = key_match((enum key_id)id, rule->items[id]->value, walk->login,
			may_ask(walk), &look, &reason);
		tell_matcher(walk, rule, (enum key_id)id, &look, &reason, answer);
		if (answer == TRUTH_UNKNOWN)
			walk->negated |= reason.negated;
	}
	if (answer == TRUTH_UNKNOWN && walk->ask && !walk->login->uid) {
		note_passed_over(walk, rule);
		answer = TRUTH_NO;
	}
	return answer;
}

static void tell_settings(
	const struct rules *rules, const struct rule *rule, const struct rules_listener *listener)
{
	for (int id = KEY_MATCHERS; listener && id < KEY_COUNT; id++) {
		struct rules_setting setting = {
			.id = (enum key_id)id,
			.value = rule_value(rules, rule, (enum key_id)id),
		};
		const char *preset;
		const struct config_item *item =
			rule_setting(rules, rule, (enum key_id)id, &preset);
		bool own = item && item == rule->items[preset ? KEY_PRIVACY : (enum key_id)id];

		if (item)
			setting.place = rules_place_of(own ? rule : &rules->defaults, &item->place);
		setting.preset = preset ? item->value : NULL;
		listener->setting(listener->data, &setting);
	}
}

/* The same for every login of the user under the rule: FNV-1a of both. */
static void make_shared_id(struct policy *policy, uid_t uid)
{
	char text[sizeof policy->rule + 16];
	uint32_t hash = 0x811c9dc5;

	snprintf(text, sizeof text, "%u %s", uid, policy->rule);
	for (const char *byte = text; *byte; byte++)
		hash = (hash ^ (unsigned char)*byte) * 0x01000193;
	snprintf(policy->id, sizeof policy->id, "%08" PRIx32, hash);
}

static int expand_names(const struct rules *rules, const struct rule *rule, struct login *login,
	struct policy *policy, struct error *error)
{
	const char *hostname = rule_value(rules, rule, KEY_HOSTNAME);
	const char *domainname = rule_value(rules, rule, KEY_DOMAINNAME);
	int result;

	if (!(policy->kinds & kind_by_name("uts")->flag))
		return 0;
	policy->numbered =
		(policy->kinds & kind_by_name("pid")->flag) && hostname_may_be_numbered(hostname);
	result = hostname_expand(hostname, login, policy, policy->hostname, error);
	if (!result && domainname)
		result = hostname_expand(domainname, login, policy, policy->domainname, error);
	return result;
}

static int fill_policy(const struct rules *rules, const struct rule *rule, struct login *login,
	struct policy *policy, struct error *error)
{
	struct key_fault fault;
	enum key_id id;

	strcpy(policy->rule, rule->section->name);
	if (!rule_take_settings(rules, rule, policy, &id, &fault))
		return error_set(error, EINVAL, "rule [%s], %s: %s", policy->rule,
			settings[id].name, fault.text);
	if (!policy->isolate && !policy->observe)
		return 0;
	if (!policy->private)
		*policy->private_size = '\0';
	if (policy->scope == SCOPE_USER)
		make_shared_id(policy, login->uid);
	else
		strcpy(policy->id, login->id);
	return expand_names(rules, rule, login, policy, error);
}

static bool same_settings(
	const struct rules *rules, const struct rule *one, const struct rule *other)
{
	for (int id = KEY_MATCHERS; id < KEY_COUNT; id++) {
		const char *a = rule_value(rules, one, (enum key_id)id);
		const char *b = rule_value(rules, other, (enum key_id)id);

		if (a != b && (!a || !b || strcmp(a, b)))
			return false;
	}
	return true;
}

/* Adds @rule (NULL: that none matches) to the possible results. */
static void note_possible(struct walk *walk, const struct rule *rule)
{
	struct policy policy = {0};
	struct key_fault fault;

	if (rule) {
		rule_take_setting(walk->rules, rule, KEY_ISOLATE, &policy, &fault);
		rule_take_setting(walk->rules, rule, KEY_SHELL, &policy, &fault);
	}
	if (policy.isolate) {
		walk->two_policies |=
			walk->isolating && !same_settings(walk->rules, walk->isolating, rule);
		walk->isolating = rule;
	} else {
		walk->two_shells |= walk->left_alone && strcmp(walk->shell, policy.shell);
		if (!walk->left_alone)
			strcpy(walk->shell, policy.shell);
		walk->left_alone = true;
	}
	walk->last = rule;
}

static void walk_rules(struct walk *walk)
{
	enum truth answer = TRUTH_NO;

	for (size_t i = 0; i < walk->rules->count && answer != TRUTH_YES; i++) {
		const struct rule *rule = &walk->rules->list[i];
		struct rules_place place = rules_place_of(rule, &rule->section->place);

		answer = match_rule(walk, rule);
		if (walk->listener)
			walk->listener->rule(walk->listener->data, &place, answer);
		if (answer == TRUTH_NO)
			continue;
		note_possible(walk, rule);
		if (answer == TRUTH_UNKNOWN) {
			size_t groups = key_groups(rule->items[KEY_GROUP]->value);

			walk->open = true;
			walk->groups =
				groups > SIZE_MAX - walk->groups ? SIZE_MAX : walk->groups + groups;
			if (!walk->unknown)
				walk->unknown = rule;
		}
	}
	if (answer != TRUTH_YES)
		note_possible(walk, NULL);
}

/* What is unknown makes no difference. */
static bool is_decided(const struct walk *walk)
{
	return !walk->open || (!walk->isolating && !walk->two_shells);
}

/*
 * The one policy that could apply: it may isolate the login needlessly, but locks nobody out, and
 * no user sees more than allowed.
 */
static int decide_in_doubt(struct walk *walk, struct error *error)
{
	const char *rule = walk->unknown->section->name;
	struct login *login = walk->login;

	if (walk->two_policies || walk->negated)
		return error_set(
			error, -login->services, "rule [%s], group: %s", rule, login->trouble.text);
	if (walk->isolating)
		walk->last = walk->isolating;
	error_set(&login->doubt, 0, "cannot tell whether rule [%s] matches: %s", rule,
		login->trouble.text);
	return 0;
}

int rules_explain(const struct rules *rules, struct login *login, struct policy *policy,
	const struct rules_listener *listener, struct error *error)
{
	_in_c_locale_ locale = c_locale_enter();
	struct walk walk = {.rules = rules, .login = login};
	int result = 0;

	*policy = (struct policy){.isolate = false};
	*login->doubt.text = '\0';
	if (rules_never_isolate(login->service))
		return 0;
	/* decide first what needs no NSS, by all rules together */
	walk_rules(&walk);
	if (listener || !is_decided(&walk)) {
		bool ask = !is_decided(&walk);

		/* a listener is also told the groups' names */
		login->rules_groups = listener ? SIZE_MAX : walk.groups;
		walk = (struct walk){
			.rules = rules, .login = login, .listener = listener, .ask = ask};
		walk_rules(&walk);
	}
	if (!is_decided(&walk))
		result = decide_in_doubt(&walk, error);
	if (result < 0 || !walk.last)
		return result;
	result = fill_policy(rules, walk.last, login, policy, error);
	if (!result)
		tell_settings(rules, walk.last, listener);
	return result;
}

int rules_match(
	const struct rules *rules, struct login *login, struct policy *policy, struct error *error)
{
	return rules_explain(rules, login, policy, NULL, error);
}

int rules_decide(const char *path, struct login *login, struct policy *policy, struct error *error)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;
	int result = rules_load(path, &rules, &diagnostics);

	if (result < 0)
		diagnostics_first_error(&diagnostics, error->text, sizeof error->text);
	else
		result = rules_match(rules, login, policy, error);
	rules_free(rules);
	diagnostics_free(&diagnostics);
	return result;
}

size_t rules_count(const struct rules *rules)
{
	return rules->count;
}

void rules_summarize(const struct rules *rules, size_t index, struct rules_summary *summary)
{
	const struct rule *rule = &rules->list[index];
	const struct config_item *service = rule->items[KEY_SERVICE];
	struct key_fault fault;
	enum key_id id;

	*summary = (struct rules_summary){
		.place = rules_place_of(rule, &rule->section->place),
		.service = service ? service->value : NULL,
		.service_only = true,
		.groups = rule->items[KEY_GROUP] != NULL,
		.hostname = rule_value(rules, rule, KEY_HOSTNAME),
	};
	snprintf(summary->policy.rule, sizeof summary->policy.rule, "%s", rule->section->name);
	/* it was checked when it was loaded */
	rule_take_settings(rules, rule, &summary->policy, &id, &fault);
	for (int matcher = 0; matcher < KEY_MATCHERS; matcher++)
		if (matcher != KEY_SERVICE && rule->items[matcher] &&
			!pattern_matches_all(
				rule->items[matcher]->value, matchers[matcher].subject))
			summary->service_only = false;
}
