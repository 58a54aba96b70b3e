/*
 * rules_internal.h - what rules are made of, for the files rules*.c only.
 */
#ifndef NSISOLATE_RULES_INTERNAL_H
#define NSISOLATE_RULES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/file/config.h"
#include "keys.h"

struct rule {
	const struct config_section *section; /* NULL: no [defaults] */
	const struct config_item *items[KEY_COUNT]; /* by key; NULL: not set here */
};

struct rules {
	struct config config;
	struct rule defaults;
	struct rule *list; /* in file order */
	size_t count;
};

/*
 * The item that applies to a setting: the rule's, else that of [defaults]; NULL: the built-in
 * value.  Before those of [defaults], or after them if it is there itself, comes what `privacy`
 * stands for: then the item is that one, and *@preset, which may be NULL, its value for the
 * setting; otherwise NULL.
 */
const struct config_item *rule_setting(
	const struct rules *rules, const struct rule *rule, enum key_id id, const char **preset);

/* Its value: of that item, or the built-in one; NULL: none. */
const char *rule_value(const struct rules *rules, const struct rule *rule, enum key_id id);

/* Puts that value into @policy.  False with @fault filled, if it is not one of this setting. */
bool rule_take_setting(const struct rules *rules, const struct rule *rule, enum key_id id,
	struct policy *policy, struct key_fault *fault);

/* The same for all settings, as far as they do not depend on the login; *@id: the one at fault. */
bool rule_take_settings(const struct rules *rules, const struct rule *rule, struct policy *policy,
	enum key_id *id, struct key_fault *fault);

/*
 * Warns of words that no login has: characters that look like others, services that PAM has no
 * stack for or does not write so, terminals with /dev/.
 */
void rule_lint_words(const struct rule *rule, bool isolates, struct diagnostics *diagnostics);

#endif
