/*
 * keys.h - the keys of nsisolate.conf: how their values are checked, matched with a login, and
 * stored in a policy.  The settings are listed in conf/common/settings.h.
 */
#ifndef NSISOLATE_KEYS_H
#define NSISOLATE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/error.h"
#include "conf/common/settings.h"
#include "conf/login/login.h"
#include "pattern.h"

/* What is wrong with a value, and at which byte. */
struct key_fault {
	char text[256];
	size_t offset;
};

/* The values of a login that a matcher is compared with. */
struct key_look {
	const char *const *values;
	size_t count;
	const char *single[1]; /* where there is only one */
	char number[24];
};

struct matcher {
	const char *name;
	const char *expected; /* what is allowed, in words that follow "expected" */
	enum pattern_subject subject;
	/* the part of the login to match; NULL for groups, which must be looked up */
	void (*look)(const struct login *login, struct key_look *look);
};

extern const struct matcher matchers[KEY_MATCHERS];

const char *key_name(enum key_id id);

/* The key of this name, ignoring case; KEY_COUNT when there is none. */
enum key_id key_by_name(const char *name);

/* Checks the value of any key; false with @fault filled. */
bool key_check(enum key_id id, const char *value, struct key_fault *fault);

/*
 * Checks the value of a setting and stores it in @policy (a template is expanded later).  False
 * with @fault filled when it is not allowed.
 */
bool key_take(enum key_id id, const char *value, struct policy *policy, struct key_fault *fault);

/*
 * Whether the matcher's list matches the login.  Unknown parts of a login (no terminal, no host)
 * count as the empty value.  Groups are looked up if needed and @ask is true; where membership is
 * unknown, login->trouble says why.  @look and @reason are filled with what was compared (for
 * groups what is known; an entry can be NULL) and what decided; they point into @login, @list and
 * each other.
 */
enum truth key_match(enum key_id id, const char *list, struct login *login, bool ask,
	struct key_look *look, struct pattern_reason *reason);

/* How many groups a list names; SIZE_MAX if it has wildcards, which need all groups' names. */
size_t key_groups(const char *list);

/* The one of @count @words that @word was most likely meant to be; NULL when none is close. */
const char *key_nearest(const char *word, const char *const *words, size_t count);

/* The same among the names of all keys. */
const char *key_nearest_name(const char *word);

#endif
