#include "pattern.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX 255

bool pattern_next(const char **cursor, const char **pattern, size_t *length, bool *negated)
{
	const char *start = *cursor, *end;

	if (!start)
		return false;
	end = start + strcspn(start, ",");
	*cursor = *end ? end + 1 : NULL;
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*negated = start < end && *start == '!';
	if (*negated)
		start++;
	*pattern = start;
	*length = (size_t)(end - start);
	return true;
}

static bool same_byte(char a, char b, bool fold)
{
	return fold ? tolower((unsigned char)a) == tolower((unsigned char)b) : a == b;
}

/*
 * Only the last star needs to be retried: what precedes it has found its earliest match, and a
 * later one cannot help.  So backtracking never nests.
 */
static bool match_wildcard(const char *pattern, size_t length, const char *value, bool fold)
{
	const char *end = pattern + length, *star = NULL, *resume = NULL;

	while (*value) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			resume = value;
		} else if (pattern < end &&
			   (*pattern == '?' || same_byte(*pattern, *value, fold))) {
			pattern++;
			value++;
		} else if (star) {
			pattern = star;
			value = ++resume;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

static bool copy_pattern(const char *pattern, size_t length, char *copy)
{
	if (!length || length > PATTERN_MAX)
		return false;
	memcpy(copy, pattern, length);
	copy[length] = '\0';
	return true;
}

/* ---- numbers ---- */

static bool parse_number(const char **cursor, uint32_t *number)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)**cursor))
		return false;
	errno = 0;
	value = strtoul(*cursor, &end, 10);
	if (errno || value > UINT32_MAX)
		return false;
	*cursor = end;
	*number = (uint32_t)value;
	return true;
}

static bool parse_range(const char *pattern, size_t length, uint32_t *low, uint32_t *high)
{
	char copy[PATTERN_MAX + 1];
	const char *cursor = copy;

	if (!copy_pattern(pattern, length, copy) || !parse_number(&cursor, low))
		return false;
	*high = *low;
	if (*cursor == '-') {
		cursor++;
		if (!parse_number(&cursor, high))
			return false;
	}
	return !*cursor && *low <= *high;
}

static bool match_range(const char *pattern, size_t length, const char *value)
{
	uint32_t low, high, number;

	return parse_range(pattern, length, &low, &high) && parse_number(&value, &number) &&
	       !*value && number >= low && number <= high;
}

/* ---- addresses ---- */

struct address {
	unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d, so that both compare alike */
	unsigned bits; /* how many of them count */
};

static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* ADDRESS or ADDRESS/BITS; a zone (fe80::1%eth0) is not part of an address here. */
static bool parse_address(const char *text, struct address *address)
{
	char copy[PATTERN_MAX + 1], *slash, *end;
	unsigned long bits, most = 128;

	if (!copy_pattern(text, strlen(text), copy))
		return false;
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	copy[strcspn(copy, "%")] = '\0';
	if (inet_pton(AF_INET, copy, address->bytes + sizeof v4_prefix) == 1) {
		memcpy(address->bytes, v4_prefix, sizeof v4_prefix);
		most = 32;
	} else if (inet_pton(AF_INET6, copy, address->bytes) != 1) {
		return false;
	}
	bits = most;
	if (slash) {
		if (!isdigit((unsigned char)*slash))
			return false;
		bits = strtoul(slash, &end, 10);
		if (*end || bits > most)
			return false;
	}
	address->bits = (unsigned)(bits + 128 - most);
	return true;
}

static bool same_network(const struct address *network, const struct address *address)
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (memcmp(network->bytes, address->bytes, whole))
		return false;
	return !rest || ((network->bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

/* An address with bits set beyond its mask was most likely meant to be another one. */
static bool has_host_bits(const struct address *network)
{
	for (unsigned bit = network->bits; bit < 128; bit++)
		if (network->bytes[bit / 8] & (0x80 >> bit % 8))
			return true;
	return false;
}

/*
 * Normalises an IPv4 address that arrived as IPv6 (::ffff:192.0.2.1) to the form used in patterns.
 */
static bool unmap(const struct address *address, char text[INET_ADDRSTRLEN])
{
	return !memcmp(address->bytes, v4_prefix, sizeof v4_prefix) &&
	       inet_ntop(AF_INET, address->bytes + sizeof v4_prefix, text, INET_ADDRSTRLEN);
}

static bool match_host(const char *pattern, size_t length, const char *value)
{
	char copy[PATTERN_MAX + 1], plain[INET_ADDRSTRLEN];
	struct address network, address;

	if (strchr(value, '/') || !parse_address(value, &address))
		return match_wildcard(pattern, length, value, true);
	if (copy_pattern(pattern, length, copy) && parse_address(copy, &network))
		return same_network(&network, &address);
	return match_wildcard(pattern, length, value, true) ||
	       (unmap(&address, plain) && match_wildcard(pattern, length, plain, true));
}

/* ---- lists ---- */

bool pattern_fits(
	const char *pattern, size_t length, enum pattern_subject subject, const char *value)
{
	switch (subject) {
	case PATTERN_NAME:
	case PATTERN_WORD:
		return match_wildcard(pattern, length, value, false);
	case PATTERN_NUMBER:
		return match_range(pattern, length, value);
	case PATTERN_HOST:
		return match_host(pattern, length, value);
	}
	return false;
}

enum truth pattern_decide(const char *list,
	enum truth (*ask)(void *data, const char *pattern, size_t length, const char **value),
	void *data, struct pattern_reason *reason)
{
	struct pattern_reason next = {0}, unknown = {0}, unknown_not = {0};

	*reason = (struct pattern_reason){0};
	while (pattern_next(&list, &next.pattern, &next.length, &next.negated)) {
		enum truth answer;

		/* one plain match is enough; a later negated one can still override it */
		if (!next.negated && reason->pattern)
			continue;
		next.value = NULL;
		answer = ask(data, next.pattern, next.length, &next.value);
		if (answer == TRUTH_YES)
			*reason = next;
		if (answer == TRUTH_YES && next.negated)
			return TRUTH_NO;
		if (answer == TRUTH_UNKNOWN && next.negated)
			unknown_not = unknown_not.pattern ? unknown_not : next;
		else if (answer == TRUTH_UNKNOWN && !unknown.pattern)
			unknown = next;
	}
	if (!reason->pattern && !unknown.pattern)
		return TRUTH_NO;
	if (unknown_not.pattern)
		unknown = unknown_not; /* unknown, whatever a plain pattern would yield */
	else if (reason->pattern)
		return TRUTH_YES;
	*reason = unknown;
	return TRUTH_UNKNOWN;
}

struct values {
	enum pattern_subject subject;
	const char *const *list;
	size_t count;
};

static enum truth ask_values(void *data, const char *pattern, size_t length, const char **value)
{
	const struct values *values = data;

	for (size_t i = 0; i < values->count; i++)
		if (pattern_fits(pattern, length, values->subject, values->list[i])) {
			*value = values->list[i];
			return TRUTH_YES;
		}
	return TRUTH_NO;
}

bool pattern_match(const char *list, enum pattern_subject subject, const char *const *values,
	size_t count, struct pattern_reason *reason)
{
	struct pattern_reason scratch;

	return pattern_decide(list, ask_values, &(struct values){subject, values, count},
		       reason ? reason : &scratch) == TRUTH_YES;
}

static const char *check_number(const char *pattern, size_t length)
{
	uint32_t low, high;

	if (parse_range(pattern, length, &low, &high))
		return NULL;
	return "expected a uid or a range of them, as in 1000 or 1000-59999";
}

static const char *check_word(const char *pattern, size_t length)
{
	if (memchr(pattern, ' ', length) || memchr(pattern, '\t', length))
		return "there is a blank inside this pattern: patterns are separated by commas";
	return NULL;
}

static const char *check_host(const char *pattern, size_t length)
{
	char copy[PATTERN_MAX + 1];
	struct address network;
	const char *wrong = check_word(pattern, length);

	if (wrong || !copy_pattern(pattern, length, copy))
		return wrong;
	if (parse_address(copy, &network)) {
		if (has_host_bits(&network))
			return "this address has bits set beyond its mask: write the network's "
			       "address";
		return NULL;
	}
	if (strchr(copy, '/'))
		return "expected ADDRESS/BITS, as in 192.0.2.0/24 or 2001:db8::/32";
	/* no host has such a name, and it would be compared with names in vain */
	if (pattern_is_literal(copy, length) &&
		(strchr(copy, ':') || !copy[strspn(copy, "0123456789.")]))
		return "this is not an IPv4 or IPv6 address";
	return NULL;
}

static const char *check_one(const char *pattern, size_t length, enum pattern_subject subject)
{
	if (!length)
		return "a pattern is missing here";
	if (length > PATTERN_MAX)
		return "this pattern is longer than 255 bytes";
	switch (subject) {
	case PATTERN_NAME:
		return NULL;
	case PATTERN_WORD:
		return check_word(pattern, length);
	case PATTERN_NUMBER:
		return check_number(pattern, length);
	case PATTERN_HOST:
		return check_host(pattern, length);
	}
	return NULL;
}

const char *pattern_check(const char *list, enum pattern_subject subject, size_t *offset)
{
	const char *cursor = list, *pattern, *wrong = NULL;
	size_t length;
	bool negated, plain = false;

	while (!wrong && pattern_next(&cursor, &pattern, &length, &negated)) {
		*offset = (size_t)(pattern - list);
		plain |= !negated;
		wrong = check_one(pattern, length, subject);
	}
	if (wrong || plain)
		return wrong;
	*offset = 0;
	return subject == PATTERN_NUMBER
		       ? "negated patterns alone never match: begin with `0-4294967295,`"
		       : "negated patterns alone never match: begin with `*,`";
}

bool pattern_is_literal(const char *pattern, size_t length)
{
	return !memchr(pattern, '*', length) && !memchr(pattern, '?', length);
}

static bool is_all(const char *pattern, size_t length, enum pattern_subject subject)
{
	uint32_t low, high;

	if (subject == PATTERN_NUMBER)
		return parse_range(pattern, length, &low, &high) && low == 0 &&
		       high >= UINT32_MAX - 1; /* (uid_t)-1 is not a valid uid */
	while (length && *pattern == '*')
		pattern++, length--;
	return !length;
}

bool pattern_matches_all(const char *list, enum pattern_subject subject)
{
	const char *pattern;
	size_t length;
	bool negated, all = false;

	while (pattern_next(&list, &pattern, &length, &negated)) {
		if (negated)
			return false;
		all |= is_all(pattern, length, subject);
	}
	return all;
}
