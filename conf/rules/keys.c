#include "keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/common/kinds.h"
#include "conf/common/number.h"
#include "conf/common/private_dirs.h"
#include "hostname.h"
#include "path_list.h"
#include "time_span.h"

/* ---- matchers: which part of a login they examine ---- */

/* One value; unknown is "". */
static void look_at(struct key_look *look, const char *value)
{
	look->single[0] = value ? value : "";
	look->values = look->single;
	look->count = 1;
}

static void look_at_user(const struct login *login, struct key_look *look)
{
	look_at(look, login->user);
}

static void look_at_service(const struct login *login, struct key_look *look)
{
	look_at(look, login->service);
}

static void look_at_uid(const struct login *login, struct key_look *look)
{
	snprintf(look->number, sizeof look->number, "%u", login->uid);
	look_at(look, look->number);
}

static void look_at_tty(const struct login *login, struct key_look *look)
{
	const char *tty = login->tty;

	/* PAM_TTY is "pts/3", "/dev/pts/3" or, for sshd without a terminal, "ssh" */
	if (tty && !strncmp(tty, "/dev/", 5))
		tty += 5;
	look_at(look, tty);
}

static void look_at_from(const struct login *login, struct key_look *look)
{
	look_at(look, login->rhost);
}

/* ---- groups ---- */

#define GROUP_NAME_MAX 255 /* bytes; also of a pattern */

/* Whether any group's name matches a wildcard. */
static enum truth in_group_like(struct login *login, const char *pattern, size_t length)
{
	struct error error;
	int result = login_groups(login, &error);

	for (size_t i = 0; login->group_names && i < login->group_count; i++)
		if (login->group_names[i] &&
			pattern_fits(pattern, length, PATTERN_NAME, login->group_names[i]))
			return TRUTH_YES;
	return result < 0 ? TRUTH_UNKNOWN : TRUTH_NO;
}

static enum truth ask_group(void *data, const char *pattern, size_t length, const char **value)
{
	char name[GROUP_NAME_MAX + 1];

	(void)value;
	if (strspn(pattern, "*") >= length)
		return TRUTH_YES; /* everybody is in some group */
	if (!pattern_is_literal(pattern, length))
		return in_group_like(data, pattern, length);
	snprintf(name, sizeof name, "%.*s", (int)length, pattern);
	return login_in_group(data, name);
}

static enum truth ask_no_group(void *data, const char *pattern, size_t length, const char **value)
{
	(void)data;
	(void)value;
	return strspn(pattern, "*") >= length ? TRUTH_YES : TRUTH_UNKNOWN;
}

static enum truth match_groups(const char *list, struct login *login, bool ask,
	struct key_look *look, struct pattern_reason *reason)
{
	bool may_ask = ask || login->groups_known;
	enum truth answer = pattern_decide(list, may_ask ? ask_group : ask_no_group, login, reason);

	look->values = (const char *const *)login->group_names;
	look->count = login->group_names ? login->group_count : 0;
	return answer;
}

size_t key_groups(const char *list)
{
	const char *pattern;
	size_t length, count = 0;
	bool negated;

	while (pattern_next(&list, &pattern, &length, &negated)) {
		if (strspn(pattern, "*") >= length)
			continue;
		if (!pattern_is_literal(pattern, length))
			return SIZE_MAX;
		count++;
	}
	return count;
}

/* ---- settings ---- */

static bool fault_at(struct key_fault *fault, size_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool fault_at(struct key_fault *fault, size_t offset, const char *format, ...)
{
	va_list args;

	fault->offset = offset;
	va_start(args, format);
	vsnprintf(fault->text, sizeof fault->text, format, args);
	va_end(args);
	return false;
}

/* Writes "yes, no or perhaps" into @text, which is large enough. */
static const char *list_words(const char *const *words, size_t count, char *text, size_t size)
{
	*text = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), size - strlen(text), "%s%s",
			!i              ? ""
			: i + 1 < count ? ", "
					: " or ",
			words[i]);
	return text;
}

/* @value is not one of @words, which the fault lists. */
static void fault_word(
	const char *value, const char *const *words, size_t count, struct key_fault *fault)
{
	const char *nearest = key_nearest(value, words, count);
	char expected[128];

	list_words(words, count, expected, sizeof expected);
	if (nearest)
		fault_at(
			fault, 0, "'%s': expected %s (did you mean %s?)", value, expected, nearest);
	else
		fault_at(fault, 0, "'%s': expected %s", value, expected);
}

/* One of @words; returns its index, or -1 with @fault filled. */
static int take_word(
	const char *value, const char *const *words, size_t count, struct key_fault *fault)
{
	for (size_t i = 0; i < count; i++)
		if (!strcasecmp(value, words[i]))
			return (int)i;
	fault_word(value, words, count, fault);
	return -1;
}

/*
 * The next word of a list at *@cursor: @what, one of @count @words, and not in *@set yet.  1 when
 * there was one, with its bit in *@set; 0 at the end; -1 with @fault filled.
 */
static int take_list_word(const char *value, const char **cursor, const char *what,
	const char *const *words, size_t count, unsigned *set, struct key_fault *fault)
{
	const char *item;
	char word[32];
	size_t length;
	bool negated;
	int index;

	if (!pattern_next(cursor, &item, &length, &negated))
		return 0;
	if (negated || !length || length >= sizeof word) {
		fault_at(fault, (size_t)(item - value), "expected %s here, such as %s", what,
			words[0]);
		return -1;
	}
	snprintf(word, sizeof word, "%.*s", (int)length, item);
	index = take_word(word, words, count, fault);
	fault->offset = (size_t)(item - value);
	if (index < 0)
		return -1;
	if (*set & 1u << index) {
		fault_at(fault, fault->offset, "'%s' is listed twice", word);
		return -1;
	}
	*set |= 1u << index;
	return 1;
}

static bool take_kinds(const char *value, struct policy *policy, struct key_fault *fault)
{
	const char *cursor = value, *names[KINDS_MAX];
	unsigned set = 0;
	int flags = 0, taken;

	for (size_t i = 0; i < kinds_count; i++)
		names[i] = kinds[i].name;
	do
		taken = take_list_word(value, &cursor, "the name of a kind of namespace", names,
			kinds_count, &set, fault);
	while (taken > 0);
	for (size_t i = 0; i < kinds_count; i++)
		if (set & 1u << i)
			flags |= kinds[i].flag;
	policy->kinds |= kinds_complete(flags);
	return taken == 0;
}

static bool take_dirs(const char *value, struct policy *policy, struct key_fault *fault)
{
	const char *cursor = value;
	int taken;

	policy->private = 0;
	do
		taken = take_list_word(value, &cursor, "a directory", private_dirs,
			private_dirs_count, &policy->private, fault);
	while (taken > 0);
	/* the directories need it */
	policy->kinds |= kind_by_name("mount")->flag;
	return taken == 0;
}

/* Whether the kernel would truncate it modulo 2^64. */
static bool size_overflows(const char *value, char unit)
{
	int shift = unit == 'g' ? 30 : unit == 'm' ? 20 : unit == 'k' ? 10 : 0;
	unsigned long long number;

	errno = 0;
	number = strtoull(value, NULL, 10);
	return errno || number > (unsigned long long)INT64_MAX >> shift;
}

/* What tmpfs(5) accepts as size=: a number followed by %, K, M or G, or by nothing: bytes. */
static bool is_size(const char *value)
{
	static const char digits[] = "0123456789";
	size_t length = strspn(value, digits);
	const char *unit = value + length;
	bool none = strspn(value, "0") == length; /* which tmpfs takes as "no limit" */

	return !none && length < POLICY_SIZE_MAX &&
	       (!*unit || (strchr("%KMGkmg", *unit) && !unit[1])) &&
	       (*unit != '%' || strtoul(value, NULL, 10) <= 100) &&
	       !size_overflows(value, (char)tolower((unsigned char)*unit));
}

/* @fits: the value is well formed; it must also fit into @setting's field (a path may not). */
static bool take_text(const struct setting *setting, const char *value, bool fits, char *field,
	struct key_fault *fault)
{
	if (!fits)
		return fault_at(fault, 0, "'%s': expected %s", value, setting->expected);
	if (strlen(value) > setting->limit)
		return fault_at(fault, 0, "this path is longer than %u bytes", setting->limit);
	strcpy(field, value);
	return true;
}

static bool take_template(const char *value, struct key_fault *fault)
{
	const char *wrong = hostname_check(value, &fault->offset);

	return wrong ? fault_at(fault, fault->offset, "'%s': %s", value, wrong) : true;
}

bool key_take(enum key_id id, const char *value, struct policy *policy, struct key_fault *fault)
{
	const struct setting *setting = &settings[id];
	void *field = (char *)policy + setting->offset;
	long long number;
	int word;

	switch (setting->shape) {
	case SHAPE_SWITCH:
		word = take_word(value, setting->words, setting->limit, fault);
		*(bool *)field = word == 0;
		if (id == KEY_ISOLATE)
			policy->observe = word == 2;
		return word >= 0;
	case SHAPE_WORD:
		word = take_word(value, setting->words, setting->limit, fault);
		*(unsigned *)field = word < 0 ? 0 : (unsigned)word;
		/* like a directory of its own, a network asks for its kind of namespace */
		if (id == KEY_NETWORK && word > NETWORK_HOST)
			policy->kinds |= kind_by_name("net")->flag;
		return word >= 0;
	case SHAPE_NUMBER:
		number = number_parse(value, setting->limit);
		*(unsigned *)field = (unsigned)number;
		return number >= 0 ||
		       fault_at(fault, 0, "'%s': expected %s", value, setting->expected);
	case SHAPE_SPAN:
		number = time_span_parse(value, setting->limit);
		*(unsigned *)field = (unsigned)number;
		return number >= 0 ||
		       fault_at(fault, 0, "'%s': expected %s", value, setting->expected);
	case SHAPE_KINDS:
		return take_kinds(value, policy, fault);
	case SHAPE_DIRS:
		return take_dirs(value, policy, fault);
	case SHAPE_TEMPLATE:
		return take_template(value, fault);
	case SHAPE_SIZE:
		return take_text(setting, value, is_size(value), field, fault);
	case SHAPE_PATH:
		return take_text(setting, value, *value == '/', field, fault);
	case SHAPE_PATHS:
		policy->kinds |= kind_by_name("mount")->flag;
		return path_list_take(value, field, fault);
	case SHAPE_TEXT:
		break;
	}
	return false;
}

#define LIST ", separated by commas"

const struct matcher matchers[KEY_MATCHERS] = {
	[KEY_USER] = {"user", "user names or patterns" LIST, PATTERN_NAME, look_at_user},
	[KEY_UID] = {"uid", "numbers or ranges" LIST ", as in 1000-59999", PATTERN_NUMBER,
		look_at_uid},
	[KEY_SERVICE] = {"service", "names of PAM services or patterns" LIST, PATTERN_WORD,
		look_at_service},
	[KEY_TTY] = {"tty", "terminals or patterns" LIST ", as in tty1, pts/*", PATTERN_WORD,
		look_at_tty},
	[KEY_FROM] = {"from", "addresses, ADDRESS/BITS, host names or patterns" LIST, PATTERN_HOST,
		look_at_from},
	[KEY_GROUP] = {"group", "group names or patterns" LIST, PATTERN_NAME, NULL},
};

const char *key_name(enum key_id id)
{
	return id < KEY_MATCHERS ? matchers[id].name : settings[id].name;
}

enum key_id key_by_name(const char *name)
{
	int id = 0;

	while (id < KEY_COUNT && strcasecmp(key_name((enum key_id)id), name))
		id++;
	return (enum key_id)id;
}

static bool fault_missing(enum key_id id, struct key_fault *fault)
{
	const char *expected = id < KEY_MATCHERS ? matchers[id].expected : settings[id].expected;
	char words[128];

	if (!expected)
		expected = list_words(settings[id].words, settings[id].limit, words, sizeof words);
	return fault_at(fault, 0, "a value is missing, expected %s", expected);
}

bool key_check(enum key_id id, const char *value, struct key_fault *fault)
{
	static struct policy scratch;
	const char *wrong;

	fault->offset = 0;
	if (!*value)
		return fault_missing(id, fault);
	if (id >= KEY_MATCHERS)
		return key_take(id, value, &scratch, fault);
	wrong = pattern_check(value, matchers[id].subject, &fault->offset);
	return wrong ? fault_at(fault, fault->offset, "%s", wrong) : true;
}

enum truth key_match(enum key_id id, const char *list, struct login *login, bool ask,
	struct key_look *look, struct pattern_reason *reason)
{
	if (id == KEY_GROUP)
		return match_groups(list, login, ask, look, reason);
	matchers[id].look(login, look);
	return pattern_match(list, matchers[id].subject, look->values, look->count, reason)
		       ? TRUTH_YES
		       : TRUTH_NO;
}

/* ---- the nearest word ---- */

#define NEAR_WORD_MAX 32

/*
 * How many letters must be changed, added or removed: the Levenshtein distance, one row at a time.
 * Distances of @far or more, as the lengths alone show, are not computed: at every login each
 * section is compared with [defaults].
 */
static size_t distance(const char *from, const char *to, size_t far)
{
	size_t row[NEAR_WORD_MAX + 1], length = strlen(to), other = strlen(from);

	if (length > NEAR_WORD_MAX || length >= other + far || other >= length + far)
		return far;
	for (size_t i = 0; i <= length; i++)
		row[i] = i;
	for (; *from; from++) {
		size_t diagonal = row[0]++;

		for (size_t i = 1; i <= length; i++) {
			size_t best = diagonal + (tolower((unsigned char)*from) !=
							 tolower((unsigned char)to[i - 1]));

			if (row[i] + 1 < best)
				best = row[i] + 1;
			if (row[i - 1] + 1 < best)
				best = row[i - 1] + 1;
			diagonal = row[i];
			row[i] = best;
		}
	}
	return row[length];
}

const char *key_nearest(const char *word, const char *const *words, size_t count)
{
	const char *nearest = NULL;
	size_t least = strlen(word) < 4 ? 2 : 3; /* so many changes make it another word */

	for (size_t i = 0; i < count; i++) {
		size_t letters = distance(word, words[i], least);

		if (letters < least) {
			least = letters;
			nearest = words[i];
		}
	}
	return nearest;
}

const char *key_nearest_name(const char *word)
{
	const char *names[KEY_COUNT];

	for (int id = 0; id < KEY_COUNT; id++)
		names[id] = key_name((enum key_id)id);
	return key_nearest(word, names, KEY_COUNT);
}
