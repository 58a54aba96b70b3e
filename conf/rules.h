/*
 * rules.h - which session gets what: nsisolate.conf, and a login matched against it.
 *
 *	struct rules *rules;
 *	rules_load(path, &rules, &diagnostics)    read and check, every finding with its place
 *	rules_match(rules, &login, &policy, ...)  first rule whose matchers all match wins
 *
 * The file is read once; iniparser parses exactly the bytes that were checked.  Nothing here
 * changes the process but iniparser's error callback, which is process-global: not thread-safe.
 */
#ifndef NSISOLATE_RULES_H
#define NSISOLATE_RULES_H

#include "diagnostics.h"
#include "error.h"
#include "login.h"
#include "policy.h"

struct rules;

/*
 * Reads and checks the configuration at @path.  Returns 0 with *@rules to be given to rules_free;
 * or a negative errno with *@rules NULL and at least one error in @diagnostics.  Warnings can be
 * there in either case.
 */
int rules_load(const char *path, struct rules **rules, struct diagnostics *diagnostics);

/*
 * Matches @login, in file order.  Returns 0 and fills @policy (isolate = false when no rule
 * matched or the rule that did says `isolate = no`).  Returns a negative errno and fills @error
 * when it could not be decided, for example because NSS failed: never a guess.
 */
int rules_match(
	const struct rules *rules, struct login *login, struct policy *policy, struct error *error);

void rules_free(struct rules *rules);

#endif
