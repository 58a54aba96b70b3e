/*
 * pattern.h - the patterns of matchers, as in ssh_config(5), PATTERNS: a comma-separated list in
 * which `*` stands for any bytes, `?` for one, and a leading `!` negates.
 *
 * A list is matched against one or more values of a login.  A negated pattern that matches any of
 * them makes the whole list fail; otherwise one plain pattern must match one of them.  So a list of
 * only negated patterns would never match, as in ssh; pattern_check refuses it, because nobody
 * means that: write `*, !eve`.
 */
#ifndef NSISOLATE_PATTERN_H
#define NSISOLATE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/truth.h"

/* What the patterns of a list are compared with. */
enum pattern_subject {
	PATTERN_NAME, /* account names: bytes, case-sensitive, may contain blanks */
	/* bytes, case-sensitive, no blanks: two words without a comma are a mistake */
	PATTERN_WORD,
	PATTERN_NUMBER, /* numbers and ranges: 1000, 1000-59999 */
	PATTERN_HOST, /* host names (case-insensitive), addresses, ADDRESS/BITS */
};

/* Which pattern decided, and on what; all NULL when none matched. */
struct pattern_reason {
	const char *pattern; /* points into the list, without `!` */
	size_t length;
	const char *value;
	bool negated;
};

/*
 * Whether @list matches any of the @count @values; @reason, which may be NULL, is filled either
 * way.  The list must have passed pattern_check: what is malformed matches nothing.  Takes time
 * linear in length of pattern times length of value.
 */
bool pattern_match(const char *list, enum pattern_subject subject, const char *const *values,
	size_t count, struct pattern_reason *reason);

/* Whether one pattern of a list, of @length bytes and without `!`, matches @value. */
bool pattern_fits(
	const char *pattern, size_t length, enum pattern_subject subject, const char *value);

/*
 * pattern_match where answers may be unknown: @ask says of a single pattern whether it matches any
 * of the values.  Known matches decide as far as they can; if an unknown one would decide, the
 * result is TRUTH_UNKNOWN and @reason that pattern.
 */
enum truth pattern_decide(const char *list,
	enum truth (*ask)(void *data, const char *pattern, size_t length, const char **value),
	void *data, struct pattern_reason *reason);

/*
 * NULL when @list is well formed, else what is wrong with it, with *@offset the byte at which the
 * offending pattern begins.  Constant strings.
 */
const char *pattern_check(const char *list, enum pattern_subject subject, size_t *offset);

/* Whether @list matches any value. */
bool pattern_matches_all(const char *list, enum pattern_subject subject);

/* Whether the pattern matches only itself: it has no wildcard. */
bool pattern_is_literal(const char *pattern, size_t length);

/*
 * Walks over the list: *@pattern and *@length are the next one, without `!` (*@negated) and without
 * blanks around; @cursor starts as the list and is NULL after the last one.  False at the end.
 */
bool pattern_next(const char **cursor, const char **pattern, size_t *length, bool *negated);

#endif
