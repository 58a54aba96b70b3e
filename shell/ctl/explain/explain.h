/*
 * explain.h - the two ways to show an explanation, as text and as JSON.
 */
#ifndef NSISOLATE_CTL_EXPLAIN_H
#define NSISOLATE_CTL_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/error.h"
#include "conf/common/settings.h"
#include "conf/login/login.h"
#include "conf/rules/rules.h"

/* What is known so far. */
struct explanation {
	const char *service, *from, *tty; /* as asked; NULL: unknown */
	const struct login *login;
	struct policy policy;
	struct rules_setting settings[KEY_COUNT - KEY_MATCHERS]; /* of the matching rule */
	size_t count;
	struct error error; /* empty: it was decided */
};

/*
 * The calls come in the order of the members; matcher and rule while the rules are tried, once for
 * each.
 */
struct explain_view {
	void (*begin)(const struct explanation *explanation);
	void (*matcher)(const struct rules_matcher *matcher);
	void (*rule)(const struct rules_place *place, enum truth answer);
	void (*end)(const struct explanation *explanation);
};

extern const struct explain_view explain_as_text;
extern const struct explain_view explain_as_json;

/* The result of a setting: expanded, completed, or as written; NULL: nothing. */
const char *explain_outcome(const struct explanation *explanation,
	const struct rules_setting *setting, char *text, size_t size);

#endif
