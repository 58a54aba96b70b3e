/*
 * What is well formed but most likely a mistake.  These are warnings: an account that does not
 * exist today may exist tomorrow, and must not lock anybody out.
 */
#include <errno.h>
#include <limits.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/closed_paths.h"
#include "conf/common/kinds.h"
#include "conf/common/pasta.h"
#include "conf/login/logind.h"
#include "hostname.h"
#include "rules.h"
#include "rules_internal.h"

struct lint {
	const struct rules *rules;
	const struct rule *rule; /* the current one, or [defaults] */
	const struct policy *policy; /* the result of a rule and [defaults] */
	bool names; /* NSS answers: a name that it does not find does not exist */
	struct diagnostics *diagnostics;
};

static void warn_at(
	const struct lint *lint, const struct config_place *place, size_t offset, const char *text)
{
	diagnostics_add(lint->diagnostics, SEVERITY_WARNING, place->file, place->line,
		place->column + (unsigned)offset, place->source, "%s", text);
}

/* ---- names ---- */

static int user_exists(const char *name, char *called, size_t size, struct error *error)
{
	struct login login;
	int result = login_by_name(&login, name, error);

	if (result == -ENOENT)
		return 0;
	if (!result)
		snprintf(called, size, "%s", login.user);
	login_free(&login);
	return result < 0 ? result : 1;
}

/*
 * What distributions call the group of their administrators: one file can serve all of them by
 * naming all three, as the shipped one does, and then one of them has to exist.
 */
static bool is_customary(enum key_id id, const char *name)
{
	return id == KEY_GROUP &&
	       (!strcmp(name, "sudo") || !strcmp(name, "wheel") || !strcmp(name, "admin"));
}

/* What was found about the names of one list. */
struct tally {
	bool present; /* something in it can match, or is unknown */
	size_t missing; /* offset of a customary name that does not exist */
	char name[256]; /* that name; "" when there is none */
};

static void check_name(const struct lint *lint, enum key_id id, const char *name, size_t offset,
	struct tally *tally)
{
	const struct config_place *place = &lint->rule->items[id]->place;
	struct error error = {0};
	char text[sizeof error.text + 64];
	char called[256] = "";
	int exists = id == KEY_USER ? user_exists(name, called, sizeof called, &error)
				    : login_group_exists(name, called, sizeof called, &error);

	if (!exists && is_customary(id, name)) {
		tally->missing = offset;
		snprintf(tally->name, sizeof tally->name, "%s", name);
		return;
	}
	if (exists < 0)
		snprintf(text, sizeof text, "%s", error.text);
	else
		snprintf(text, sizeof text, "there is no %s '%s' here", key_name(id), name);
	if (exists <= 0 && lint->names)
		warn_at(lint, place, offset, text);
	if (exists > 0 && strcmp(called, name) != 0) {
		snprintf(text, sizeof text,
			exists == 2 ? "NSS calls the gid of this %s '%.200s', and for some users "
				      "only that name matches: write it so"
				    : "NSS calls this %s '%.200s', and only that name matches: "
				      "write it so",
			key_name(id), called);
		warn_at(lint, place, offset, text);
	}
	tally->present |= exists != 0;
}

/* The names without wildcards, including those after a `!`. */
static void check_names(const struct lint *lint, enum key_id id)
{
	const struct config_item *item = lint->rule->items[id];
	const char *cursor = item ? item->value : NULL, *pattern;
	struct tally tally = {0};
	char name[256];
	size_t length;
	bool negated;

	while (pattern_next(&cursor, &pattern, &length, &negated)) {
		if (!pattern_is_literal(pattern, length)) {
			tally.present = true;
			continue;
		}
		snprintf(name, sizeof name, "%.*s", (int)length, pattern);
		check_name(lint, id, name, (size_t)(pattern - item->value), &tally);
	}
	if (*tally.name && !tally.present && lint->names) {
		snprintf(name, sizeof name, "there is no group '%.64s' here", tally.name);
		warn_at(lint, &item->place, tally.missing, name);
	}
}

/* ---- settings ---- */

static void check_shell(const struct lint *lint)
{
	const struct config_item *item = lint->rule->items[KEY_SHELL];
	struct stat status;
	const char *wrong = NULL;

	if (!item)
		return;
	if (stat(item->value, &status) < 0)
		wrong = errno == ENOENT ? "there is no such file" : "this file cannot be examined";
	else if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111))
		wrong = "not an executable file";
	else if (!strcmp(strrchr(item->value, '/'), "/nsisolate-shell"))
		wrong = "nsisolate-shell would start itself: name the real shell";
	if (wrong)
		warn_at(lint, &item->place, 0, wrong);
}

/*
 * If the first part of a name depends on the user alone, it may be the name of another machine; and
 * sudo and others compare only the first part.
 */
static void check_hostname(const struct lint *lint)
{
	const struct config_item *item = lint->rule->items[KEY_HOSTNAME];
	size_t first = item ? strcspn(item->value, ".") : 0;

	if (item && !hostname_has(item->value, first, "lH"))
		warn_at(lint, &item->place, 0,
			"the first part of this name has neither %l nor %H: it can be the same as "
			"another machine's, and sudo and others mistake the session for that");
}

/*
 * If two logins have the same hostname but PIDs of their own, programs that judge a lock by these
 * two (gpg, git, browsers, editors) mistake a held lock for one that a dead process left behind.
 */
static void check_scope(const struct lint *lint)
{
	const struct config_item *item = lint->rule->items[KEY_SCOPE];
	const char *hostname = rule_value(lint->rules, lint->rule, KEY_HOSTNAME);
	const struct policy *policy = lint->policy;

	if (!item || !policy->isolate || policy->scope != SCOPE_SESSION ||
		!(policy->kinds & CLONE_NEWPID))
		return;
	if ((policy->kinds & CLONE_NEWUTS) &&
		(hostname_may_be_numbered(hostname) ||
			hostname_has(hostname, strlen(hostname), "i")))
		return;
	warn_at(lint, &item->place, 0,
		"two logins of a user have the same hostname and different processes: locks that "
		"name both do not hold between them (use scope = user, or hostname = %u-%l)");
}

/* Settings of the rule itself that lack what they need. */
static void check_needs(const struct lint *lint)
{
	static const struct need {
		enum key_id id;
		int kind; /* CLONE_NEW*; 0: `private` */
		const char *text;
	} needs[] = {
		{KEY_HOSTNAME, CLONE_NEWUTS, "this has no effect: namespaces does not name uts"},
		{KEY_DOMAINNAME, CLONE_NEWUTS, "this has no effect: namespaces does not name uts"},
		{KEY_USER_MANAGER, CLONE_NEWNS,
			"this has no effect: namespaces names neither pid nor mount"},
		{KEY_LOGOUT, CLONE_NEWPID, "this has no effect: namespaces does not name pid"},
		{KEY_LINGER_MAX, CLONE_NEWPID, "this has no effect: namespaces does not name pid"},
		{KEY_GRACE, CLONE_NEWPID, "this has no effect: namespaces does not name pid"},
		{KEY_PRIVATE_SIZE, 0, "this has no effect: there is no `private`"},
	};
	const struct policy *policy = lint->policy;

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		const struct config_item *item = lint->rule->items[needs[i].id];
		bool there =
			needs[i].kind ? (policy->kinds & needs[i].kind) != 0 : policy->private != 0;

		there |=
			needs[i].id == KEY_USER_MANAGER && policy->user_manager == USER_MANAGER_OFF;
		if (item && !there)
			warn_at(lint, &item->key_place, 0, needs[i].text);
	}
	if (lint->rule->items[KEY_LINGER_MAX] && policy->isolate && policy->logout == LOGOUT_KILL)
		warn_at(lint, &lint->rule->items[KEY_LINGER_MAX]->key_place, 0,
			"this has no effect: logout is kill");
}

/* A hostname of its own that cannot be looked up. */
static void check_hosts(const struct lint *lint)
{
	const struct config_item *namespaces =
		rule_setting(lint->rules, lint->rule, KEY_NAMESPACES, NULL);
	const struct config_item *hostname =
		rule_setting(lint->rules, lint->rule, KEY_HOSTNAME, NULL);
	bool own = namespaces == lint->rule->items[KEY_NAMESPACES];
	const struct policy *policy = lint->policy;

	if (!namespaces || !policy->isolate || !policy->hosts || !(policy->kinds & CLONE_NEWUTS) ||
		(policy->kinds & CLONE_NEWNS) || (hostname && !strcmp(hostname->value, "%H")))
		return;
	warn_at(lint, own ? &namespaces->place : &lint->rule->section->place, 0,
		"the hostname cannot be looked up in the session: without mount there is no "
		"/etc/hosts of its own (name mount, or say hosts = no)");
}

/* ---- errors: nobody whom this rule isolates gets in ---- */

static void refuse_at(
	const struct lint *lint, const struct config_place *place, size_t offset, const char *text)
{
	diagnostics_add(lint->diagnostics, SEVERITY_ERROR, place->file, place->line,
		place->column + (unsigned)offset, place->source, "%s", text);
}

static void check_network(const struct lint *lint)
{
	const char *preset;
	const struct config_item *item =
		rule_setting(lint->rules, lint->rule, KEY_NETWORK, &preset);
	char text[256];

	if (!item || !lint->policy->isolate || lint->policy->network != NETWORK_USER ||
		access(PASTA, X_OK) == 0)
		return;
	snprintf(text, sizeof text,
		PASTA_NEEDED "%s (Debian 11 has none), or these logins are "
			     "refused",
		preset ? ", or write network = host beside this" : "");
	refuse_at(lint, &item->place, 0, text);
}

static void check_closed_paths(const struct lint *lint, enum key_id id)
{
	const struct config_item *item = lint->rule->items[id];
	const char *cursor = item ? item->value : NULL, *word;
	char path[POLICY_PATHS_MAX + 1];
	struct error error;
	size_t length;
	bool negated;

	while (pattern_next(&cursor, &word, &length, &negated)) {
		int result;

		snprintf(path, sizeof path, "%.*s", (int)length, word);
		result = closed_path_check(path, &error);
		if (result == -ENOENT)
			warn_at(lint, &item->place, (size_t)(word - item->value),
				"there is nothing here: it is left out");
		else if (result < 0 && (result != -EACCES || geteuid() == 0))
			refuse_at(lint, &item->place, (size_t)(word - item->value), error.text);
	}
	if (item && id == KEY_READ_ONLY && !closed_paths_have_read_only())
		refuse_at(lint, &item->key_place, 0, CLOSED_PATHS_READ_ONLY);
}

/* Whether the rule's list of services has this word. */
static bool names_service(const struct rule *rule, const char *service)
{
	const struct config_item *item = rule->items[KEY_SERVICE];
	const char *cursor = item ? item->value : NULL, *pattern;
	size_t length;
	bool negated, named = false;

	while (pattern_next(&cursor, &pattern, &length, &negated))
		named |= !negated && strlen(service) == length && !memcmp(pattern, service, length);
	return named;
}

/* Likewise. */
static void check_manager(const struct lint *lint)
{
	const struct config_item *item =
		rule_setting(lint->rules, lint->rule, KEY_USER_MANAGER, NULL);
	struct error error = {0};
	const char *class;

	if (!item || !lint->policy->isolate || lint->policy->user_manager != USER_MANAGER_OFF)
		return;
	if (names_service(lint->rule, "nsisolate-shell"))
		error_set(&error, 0,
			"user_manager = off is for the module: nsisolate-shell, which [%s] names, "
			"is started after the user's manager: say user_manager = hide there",
			lint->rule->section->name);
	else
		logind_light_class(false, &class, &error);
	if (*error.text)
		diagnostics_add(lint->diagnostics, SEVERITY_ERROR, item->place.file,
			item->place.line, item->place.column, item->place.source,
			"%s; these logins are refused", error.text);
}

/* Settings beside isolate = no, which leaves the login alone. */
static void check_not_isolated(const struct lint *lint)
{
	const struct config_item *isolate = lint->rule->items[KEY_ISOLATE];

	if (!isolate || strcasecmp(isolate->value, "no"))
		return;
	for (int id = KEY_ISOLATE + 1; id < KEY_COUNT; id++)
		/* the shell still matters: nsisolate-shell execs it */
		if (id != KEY_SHELL && lint->rule->items[id])
			warn_at(lint, &lint->rule->items[id]->key_place, 0,
				"this has no effect: the rule says isolate = no");
}

/* ---- rules that can never match ---- */

/* Whether everything that matches @later also matches @earlier, as far as equal words show. */
static bool covers(const struct rule *earlier, const struct rule *later)
{
	bool any = false;

	for (int id = 0; id < KEY_MATCHERS; id++) {
		const struct config_item *item = earlier->items[id];

		if (!item || pattern_matches_all(item->value, matchers[id].subject))
			continue;
		if (!later->items[id] || strcmp(later->items[id]->value, item->value))
			return false;
		any = true;
	}
	/* a rule that matches everything was reported when the file was read */
	return any;
}

static void check_covered(const struct lint *lint)
{
	const struct config_section *section = lint->rule->section;
	char text[PATH_MAX + 256];

	for (const struct rule *rule = lint->rules->list; rule < lint->rule; rule++)
		if (covers(rule, lint->rule)) {
			snprintf(text, sizeof text,
				"[%s] can never match: [%s] at %s:%u takes every login that it "
				"would",
				section->name, rule->section->name, rule->section->place.file,
				rule->section->place.line);
			warn_at(lint, &section->place, 0, text);
			return;
		}
}

void rules_lint(const struct rules *rules, bool names, struct diagnostics *diagnostics)
{
	struct rules_summary summary;
	struct lint lint = {rules, &rules->defaults, &summary.policy, names, diagnostics};

	if (rules->defaults.section) {
		rule_lint_words(&rules->defaults, true, diagnostics);
		check_shell(&lint);
		check_hostname(&lint);
		check_closed_paths(&lint, KEY_INACCESSIBLE);
		check_closed_paths(&lint, KEY_READ_ONLY);
	}
	for (size_t i = 0; i < rules->count; i++) {
		lint.rule = &rules->list[i];
		rules_summarize(rules, i, &summary);
		/* one on trial is to be right when it counts */
		summary.policy.isolate |= summary.policy.observe;
		rule_lint_words(lint.rule, summary.policy.isolate, diagnostics);
		check_names(&lint, KEY_USER);
		check_names(&lint, KEY_GROUP);
		check_shell(&lint);
		check_hostname(&lint);
		check_scope(&lint);
		check_needs(&lint);
		check_hosts(&lint);
		check_network(&lint);
		check_manager(&lint);
		check_closed_paths(&lint, KEY_INACCESSIBLE);
		check_closed_paths(&lint, KEY_READ_ONLY);
		check_not_isolated(&lint);
		check_covered(&lint);
	}
	diagnostics_sort(diagnostics);
}
