/*
 * rules.h - which session gets what: nsisolate.conf, and a login matched against it.
 *
 *	struct rules *rules;
 *	rules_load(path, &rules, &diagnostics)    read and check, every finding with its place
 *	rules_match(rules, &login, &policy, ...)  first rule whose matchers all match wins
 *	rules_explain(...)                        the same, telling what it does
 *	rules_lint(rules, true, &diagnostics)     look up in NSS what the rules name
 *
 * The file is read once; iniparser parses exactly the bytes that were checked.  Nothing here
 * changes the process but iniparser's error callback, which is process-global: not thread-safe.
 * The locale does not matter: su and login have that of their user, and in a Turkish one `i` is
 * not the small `I`.
 */
#ifndef NSISOLATE_RULES_H
#define NSISOLATE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/error.h"
#include "conf/common/settings.h"
#include "conf/file/diagnostics.h"
#include "conf/login/login.h"
#include "pattern.h"

struct rules;

/*
 * Whether no rule isolates this service (NULL: it is not known): the managers of users' services
 * open a session, too, serve all of the user's sessions, and would lose the /proc that they count
 * on.
 */
bool rules_never_isolate(const char *service);

/*
 * Reads and checks the configuration at @path.  Returns 0 with *@rules to be given to rules_free;
 * or a negative errno with *@rules NULL and at least one error in @diagnostics.  Warnings can be
 * there in either case.  They come in the order of the files, lines and columns.
 */
int rules_load(const char *path, struct rules **rules, struct diagnostics *diagnostics);

/*
 * rules_load as it would be if @file, which is @path or one of its drop-ins and need not be there
 * yet, had the bytes, the owner and the mode of the file @with.  Findings name @file.
 */
int rules_load_changed(const char *path, const char *file, const char *with, struct rules **rules,
	struct diagnostics *diagnostics);

/*
 * Matches @login, in file order.  Returns 0 and fills @policy (isolate = false when no rule
 * matched, the rule that did says `isolate = no`, or no rule isolates the service).
 *
 * NSS is asked for groups only where they make a difference, and never for uid 0: a rule that would
 * need it is passed over.  Where it fails, what it did say counts.  If then a login may be left
 * alone or get one policy, it gets the policy.  Either way login->doubt says so, for the log.
 * Where it may get two policies, or what is not known is a negation, returns a negative errno and
 * fills @error.
 */
int rules_match(
	const struct rules *rules, struct login *login, struct policy *policy, struct error *error);

/* rules_load of @path and rules_match in one; 0, or a negative errno with the first @error. */
int rules_decide(const char *path, struct login *login, struct policy *policy, struct error *error);

/* Where something is written; what this points to lives as long as the rules. */
struct rules_place {
	const char *rule; /* its section; "defaults"; NULL for the built-in values */
	const char *file; /* NULL for the built-in values */
	unsigned line;
};

/* One matcher of one rule, compared with a login. */
struct rules_matcher {
	struct rules_place place;
	const char *key;
	const char *list;
	const char *const *values; /* what the login has; valid only during the call */
	size_t count; /* of groups, as many as were looked up; NULL is an unknown one */
	/* the pattern that decided; valid only during the call */
	const struct pattern_reason *reason;
	enum truth answer;
	bool asked; /* of TRUTH_UNKNOWN: NSS was asked, and does not know */
};

/* One setting of the matching rule. */
struct rules_setting {
	struct rules_place place;
	enum key_id id;
	const char *value; /* as written there; NULL: not set */
	const char *preset; /* the word of `privacy` there that stands for it; NULL: none does */
};

/*
 * What rules_explain tells, in this order: the matchers of a rule, up to the first one that does
 * not match, then the rule; after the last rule the settings of the one that won, when @policy is
 * filled.  TRUTH_UNKNOWN is a group that NSS cannot tell, or that was not asked for.
 */
struct rules_listener {
	void (*matcher)(void *data, const struct rules_matcher *matcher);
	void (*rule)(void *data, const struct rules_place *place, enum truth answer);
	void (*setting)(void *data, const struct rules_setting *setting);
	void *data;
};

/* rules_match that reports its steps to @listener: the very same code. */
int rules_explain(const struct rules *rules, struct login *login, struct policy *policy,
	const struct rules_listener *listener, struct error *error);

/*
 * The contents of a rule before anybody logs in: for questions about the configuration as a whole.
 */
struct rules_summary {
	struct rules_place place;
	const char *service; /* its patterns; NULL: any service */
	bool service_only; /* the rule depends on nothing else of a login */
	bool groups; /* ... but on its groups */
	const char *hostname; /* the template; lives as long as the rules */
	struct policy policy; /* with [defaults] and the built-in values; no names, no id */
};

size_t rules_count(const struct rules *rules);

/* Of the rule @index, from 0, in file order. */
void rules_summarize(const struct rules *rules, size_t index, struct rules_summary *summary);

/*
 * Warns about what is well formed and yet most likely wrong: users, groups and shells that do not
 * exist here, rules that an earlier one leaves nothing for, values that have no effect.  Asks NSS
 * for every name, so it is for the admin's check and not for a login.  @names: false if NSS fails,
 * and so cannot say of any name that it does not exist.
 */
void rules_lint(const struct rules *rules, bool names, struct diagnostics *diagnostics);

void rules_free(struct rules *rules);

#endif
