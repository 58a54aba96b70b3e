#include "conf/rules/pattern.h"
#include "given.h"

#define LONG_A                                           \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* ---- which lists match which values ---- */

static const struct {
	enum pattern_subject subject;
	const char *list, *value;
	bool matched;
} matches[] = {
	/* names: bytes, case matters */
	{PATTERN_NAME, "alice", "alice", true},
	{PATTERN_NAME, "alice", "alic", false},
	{PATTERN_NAME, "alice", "alicea", false},
	{PATTERN_NAME, "alice", "Alice", false},
	{PATTERN_NAME, "alice", "", false},
	{PATTERN_NAME, "bob, alice", "alice", true},
	{PATTERN_NAME, "bob,alice", "alice", true},
	{PATTERN_NAME, "  bob ,\t alice  ", "alice", true},
	{PATTERN_NAME, "*", "alice", true},
	{PATTERN_NAME, "*", "", true},
	{PATTERN_NAME, "**", "", true},
	{PATTERN_NAME, "?", "", false},
	{PATTERN_NAME, "?", "a", true},
	{PATTERN_NAME, "?", "ab", false},
	{PATTERN_NAME, "a*e", "alice", true},
	{PATTERN_NAME, "a*e", "ae", true},
	{PATTERN_NAME, "a*e", "alicex", false},
	{PATTERN_NAME, "*ice", "iceice", true},
	{PATTERN_NAME, "*i?e*", "alice", true},
	{PATTERN_NAME, "a?ice", "alice", true},
	{PATTERN_NAME, "a?ice", "aice", false},
	{PATTERN_NAME, "al[ic]e", "alice", false},
	{PATTERN_NAME, "al[ic]e", "al[ic]e", true},
	{PATTERN_NAME, "DOM\\*", "DOM\\alice", true},
	{PATTERN_NAME, "domain users", "domain users", true},
	{PATTERN_NAME, "m\xc3\xbcller", "m\xc3\xbcller", true},
	{PATTERN_NAME, "m??ller", "m\xc3\xbcller", true}, /* `?` is one byte */

	/* negation: wherever it stands, it wins */
	{PATTERN_NAME, "*, !eve", "eve", false},
	{PATTERN_NAME, "!eve, *", "eve", false},
	{PATTERN_NAME, "*, !eve", "alice", true},
	{PATTERN_NAME, "*, !e*", "eve", false},
	{PATTERN_NAME, "eve, !*", "eve", false},
	{PATTERN_NAME, "!eve", "alice", false}, /* as in ssh: nothing positive in it */
	{PATTERN_NAME, "!eve", "eve", false},
	{PATTERN_NAME, "!!eve, *", "eve", true}, /* only the first one negates */

	/* words */
	{PATTERN_WORD, "sshd, login", "login", true},
	{PATTERN_WORD, "ss*", "sshd", true},
	{PATTERN_WORD, "pts/*", "pts/12", true},
	{PATTERN_WORD, "pts/*", "tty1", false},

	/* numbers */
	{PATTERN_NUMBER, "1000", "1000", true},
	{PATTERN_NUMBER, "1000", "100", false},
	{PATTERN_NUMBER, "1000", "10000", false},
	{PATTERN_NUMBER, "1000-59999", "1000", true},
	{PATTERN_NUMBER, "1000-59999", "59999", true},
	{PATTERN_NUMBER, "1000-59999", "999", false},
	{PATTERN_NUMBER, "1000-59999", "60000", false},
	{PATTERN_NUMBER, "0, 1000-59999", "0", true},
	{PATTERN_NUMBER, "1000-59999, !1005", "1005", false},
	{PATTERN_NUMBER, "1000-59999, !1005", "1006", true},
	{PATTERN_NUMBER, "4294967295", "4294967295", true},
	{PATTERN_NUMBER, "0-4294967295", "4294967294", true},
	{PATTERN_NUMBER, "010", "10", true}, /* decimal, always */
	{PATTERN_NUMBER, "4294967296", "0", false},

	/* addresses */
	{PATTERN_HOST, "192.0.2.1", "192.0.2.1", true},
	{PATTERN_HOST, "192.0.2.1", "192.0.2.10", false},
	{PATTERN_HOST, "192.0.2.0/24", "192.0.2.255", true},
	{PATTERN_HOST, "192.0.2.0/24", "192.0.3.0", false},
	{PATTERN_HOST, "192.0.2.128/25", "192.0.2.127", false},
	{PATTERN_HOST, "192.0.2.128/25", "192.0.2.128", true},
	{PATTERN_HOST, "192.0.2.1/32", "192.0.2.1", true},
	{PATTERN_HOST, "192.0.2.1/32", "192.0.2.0", false},
	{PATTERN_HOST, "0.0.0.0/0", "203.0.113.9", true},
	{PATTERN_HOST, "0.0.0.0/0", "2001:db8::1", false},
	{PATTERN_HOST, "0.0.0.0/0", "::ffff:203.0.113.9", true},
	{PATTERN_HOST, "::/0", "2001:db8::1", true},
	{PATTERN_HOST, "::/0", "203.0.113.9", true}, /* IPv4 is ::ffff:0:0/96 */
	{PATTERN_HOST, "2001:db8::/32", "2001:db8:1::5", true},
	{PATTERN_HOST, "2001:db8::/32", "2001:db9::5", false},
	{PATTERN_HOST, "2001:db8::/33", "2001:db8:8000::", false},
	{PATTERN_HOST, "2001:DB8:0::1", "2001:db8::1", true},
	{PATTERN_HOST, "::1", "0:0:0:0:0:0:0:1", true},
	{PATTERN_HOST, "fe80::/10", "fe80::1%eth0", true},
	{PATTERN_HOST, "192.0.2.0/24", "::ffff:192.0.2.7", true},
	{PATTERN_HOST, "::ffff:192.0.2.0/120", "192.0.2.7", true},
	{PATTERN_HOST, "192.0.2.*", "192.0.2.7", true},
	{PATTERN_HOST, "192.0.2.*", "::ffff:192.0.2.7", true},
	{PATTERN_HOST, "192.0.2.*", "192.0.20.7", false},
	{PATTERN_HOST, "192.0.2.0/24, !192.0.2.66", "192.0.2.66", false},
	{PATTERN_HOST, "192.0.2.0/24, !192.0.2.66", "::ffff:192.0.2.66", false},
	{PATTERN_HOST, "*, !10.0.0.0/8", "10.1.2.3", false},
	{PATTERN_HOST, "*, !10.0.0.0/8", "", true},
	{PATTERN_HOST, "?*", "", false}, /* not from the console */
	{PATTERN_HOST, "192.0.2.0/24", "", false},
	{PATTERN_HOST, "192.0.2.0/24", "lab.example", false},
	{PATTERN_HOST, "192.0.2.0/24", "192.0.2.1/32", false},
	{PATTERN_HOST, "192.0.2.1", "192.0.2.1.example", false},

	/* host names: case does not matter */
	{PATTERN_HOST, "*.Lab.example", "a.LAB.example", true},
	{PATTERN_HOST, "*.lab.example", "lab.example", false},
	{PATTERN_HOST, "*.lab.example", "a.lab.example.evil", false},
};

START_TEST(list_matches_as_ssh_does)
{
	const char *value = matches[_i].value;
	struct pattern_reason reason;
	bool matched = pattern_match(matches[_i].list, matches[_i].subject, &value, 1, &reason);

	ck_assert_msg(matched == matches[_i].matched, "'%s' %s '%s'", matches[_i].list,
		matched ? "matches" : "does not match", value);
	/* the reason agrees */
	if (matched)
		ck_assert(reason.pattern && !reason.negated && reason.value == value);
	else
		ck_assert(!reason.pattern || reason.negated);
	ck_assert_int_eq(
		matched, pattern_match(matches[_i].list, matches[_i].subject, &value, 1, NULL));
}
END_TEST

static const struct {
	const char *list;
	bool matched;
	const char *decided; /* the pattern that did; NULL: none */
} groups[] = {
	{"staff", true, "staff"},
	{"nobody, users", true, "users"},
	{"*, !sudo", false, "sudo"},
	{"users, !sudo", false, "sudo"},
	{"!sudo, users", false, "sudo"},
	{"*, !wheel", true, "*"},
	{"wheel", false, NULL},
};

START_TEST(one_negated_group_of_many_is_enough_to_fail)
{
	const char *const values[] = {"users", "sudo", "staff"};
	struct pattern_reason reason;
	bool matched = pattern_match(groups[_i].list, PATTERN_NAME, values, 3, &reason);

	ck_assert_int_eq(matched, groups[_i].matched);
	if (!groups[_i].decided) {
		ck_assert_ptr_null(reason.pattern);
		return;
	}
	ck_assert_uint_eq(reason.length, strlen(groups[_i].decided));
	ck_assert_int_eq(memcmp(reason.pattern, groups[_i].decided, reason.length), 0);
	ck_assert_int_eq(reason.negated, !matched);
}
END_TEST

START_TEST(no_values_match_nothing)
{
	ck_assert(!pattern_match("*", PATTERN_NAME, NULL, 0, NULL));
}
END_TEST

/* ---- which lists are well formed ---- */

static const struct {
	enum pattern_subject subject;
	const char *list;
	size_t offset;
	const char *piece; /* of what is wrong; NULL: nothing is */
} checks[] = {
	{PATTERN_NAME, "alice", 0, NULL},
	{PATTERN_NAME, "*, !eve", 0, NULL},
	{PATTERN_NAME, "domain users", 0, NULL},
	{PATTERN_NAME, "alice,", 6, "missing"},
	{PATTERN_NAME, "alice,,bob", 6, "missing"},
	{PATTERN_NAME, ",alice", 0, "missing"},
	{PATTERN_NAME, "alice, !", 8, "missing"},
	{PATTERN_NAME, "!eve", 0, "begin with `*,`"},
	{PATTERN_NAME, "!eve, !mallory", 0, "begin with `*,`"},
	{PATTERN_NAME, LONG_A LONG_A LONG_A, 0, "longer than 255"},
	{PATTERN_WORD, "sshd, login", 0, NULL},
	{PATTERN_WORD, "sshd login", 0, "blank"},
	{PATTERN_WORD, "su, sshd\tlogin", 4, "blank"},
	{PATTERN_NUMBER, "0", 0, NULL},
	{PATTERN_NUMBER, "0-4294967295, !5", 0, NULL},
	{PATTERN_NUMBER, "!5", 0, "0-4294967295"},
	{PATTERN_NUMBER, "1000-", 0, "expected a uid"},
	{PATTERN_NUMBER, "-1000", 0, "expected a uid"},
	{PATTERN_NUMBER, "59999-1000", 0, "expected a uid"},
	{PATTERN_NUMBER, "1000, 59999-1000", 6, "expected a uid"},
	{PATTERN_NUMBER, "1000 - 2000", 0, "expected a uid"},
	{PATTERN_NUMBER, "alice", 0, "expected a uid"},
	{PATTERN_NUMBER, "*", 0, "expected a uid"},
	{PATTERN_NUMBER, "4294967296", 0, "expected a uid"},
	{PATTERN_NUMBER, "99999999999999999999", 0, "expected a uid"},
	{PATTERN_NUMBER, "0x10", 0, "expected a uid"},
	{PATTERN_NUMBER, "+5", 0, "expected a uid"},
	{PATTERN_HOST, "192.0.2.0/24, 2001:db8::/32, *.lab.example, lab", 0, NULL},
	{PATTERN_HOST, "192.0.2.*", 0, NULL},
	{PATTERN_HOST, "3com.example", 0, NULL},
	{PATTERN_HOST, "192.0.2.1/24", 0, "beyond its mask"},
	{PATTERN_HOST, "2001:db8::1/64", 0, "beyond its mask"},
	{PATTERN_HOST, "lab, 192.0.2.0/33", 5, "expected ADDRESS/BITS"},
	{PATTERN_HOST, "2001:db8::/129", 0, "expected ADDRESS/BITS"},
	{PATTERN_HOST, "192.0.2.0/", 0, "expected ADDRESS/BITS"},
	{PATTERN_HOST, "192.0.2.0/-1", 0, "expected ADDRESS/BITS"},
	{PATTERN_HOST, "192.0.2.0/255.255.255.0", 0, "expected ADDRESS/BITS"},
	{PATTERN_HOST, "192.0.2/24", 0, "expected ADDRESS/BITS"},
	{PATTERN_HOST, "lab.example/24", 0, "expected ADDRESS/BITS"},
	{PATTERN_HOST, "192.0.2.0/99999999999999999999", 0, "expected ADDRESS/BITS"},
	{PATTERN_HOST, "300.0.2.1", 0, "not an IPv4 or IPv6"},
	{PATTERN_HOST, "192.0.2", 0, "not an IPv4 or IPv6"},
	{PATTERN_HOST, "192.0.2.", 0, "not an IPv4 or IPv6"},
	{PATTERN_HOST, "2001:db8::1::2", 0, "not an IPv4 or IPv6"},
	{PATTERN_HOST, "lab example", 0, "blank"},
};

START_TEST(check_finds_what_cannot_match)
{
	size_t offset = 0;
	const char *wrong = pattern_check(checks[_i].list, checks[_i].subject, &offset);

	if (!checks[_i].piece) {
		ck_assert_msg(!wrong, "'%s': %s", checks[_i].list, wrong);
		return;
	}
	ck_assert_msg(wrong && strstr(wrong, checks[_i].piece), "'%s': %s", checks[_i].list,
		wrong ? wrong : "well formed");
	ck_assert_uint_eq(offset, checks[_i].offset);
}
END_TEST

static const struct {
	enum pattern_subject subject;
	const char *list;
	bool all;
} everything[] = {
	{PATTERN_NAME, "*", true}, {PATTERN_NAME, "alice, *", true}, {PATTERN_NAME, "***", true},
	{PATTERN_NAME, "?*", false}, {PATTERN_NAME, "*, !eve", false},
	{PATTERN_NAME, "alice", false}, {PATTERN_NUMBER, "0-4294967295", true},
	{PATTERN_NUMBER, "0-4294967294", true}, {PATTERN_NUMBER, "1-4294967295", false},
	{PATTERN_NUMBER, "0-65535", false}, {PATTERN_HOST, "*", true},
	{PATTERN_HOST, "::/0", false}, /* not from the console, nor hosts by name */
};

START_TEST(list_that_matches_everything_is_known)
{
	ck_assert_int_eq(pattern_matches_all(everything[_i].list, everything[_i].subject),
		everything[_i].all);
}
END_TEST

/* ---- properties ---- */

/* The definition, as short as it can be written; exponential, so for short strings only. */
static bool matches_by_definition(const char *pattern, const char *value)
{
	if (!*pattern)
		return !*value;
	if (*pattern == '*')
		return matches_by_definition(pattern + 1, value) ||
		       (*value && matches_by_definition(pattern, value + 1));
	return *value && (*pattern == '?' || *pattern == *value) &&
	       matches_by_definition(pattern + 1, value + 1);
}

static void random_text(char *text, size_t size, const char *letters)
{
	size_t length = (size_t)random() % size;

	for (size_t i = 0; i < length; i++)
		text[i] = letters[(size_t)random() % strlen(letters)];
	text[length] = '\0';
}

START_TEST(wildcards_match_by_their_definition)
{
	char pattern[9], text[9];
	const char *value = text;

	srandom(1);
	for (int i = 0; i < 100000; i++) {
		random_text(pattern, sizeof pattern, "ab*?");
		random_text(text, sizeof text, "ab");
		/* a list cannot contain an empty pattern */
		if (!*pattern)
			continue;
		ck_assert_msg(pattern_match(pattern, PATTERN_NAME, &value, 1, NULL) ==
				      matches_by_definition(pattern, text),
			"'%s' and '%s'", pattern, text);
	}
}
END_TEST

/* By backtracking this would take longer than the universe has; Check's limit is 4 s. */
START_TEST(many_stars_take_no_time)
{
	char pattern[256], value[4097];
	const char *values = value;

	for (size_t i = 0; i + 2 < sizeof pattern; i += 2)
		memcpy(pattern + i, "*a", 3);
	pattern[sizeof pattern - 3] = 'b';
	pattern[sizeof pattern - 2] = '\0';
	memset(value, 'a', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	ck_assert(!pattern_match(pattern, PATTERN_NAME, &values, 1, NULL));
}
END_TEST

static Suite *pattern_suite(void)
{
	Suite *suite = suite_create("pattern");
	TCase *tcase = tcase_create("pattern");

	tcase_add_loop_test(tcase, list_matches_as_ssh_does, 0, ROWS(matches));
	tcase_add_loop_test(tcase, one_negated_group_of_many_is_enough_to_fail, 0, ROWS(groups));
	tcase_add_test(tcase, no_values_match_nothing);
	tcase_add_loop_test(tcase, check_finds_what_cannot_match, 0, ROWS(checks));
	tcase_add_loop_test(tcase, list_that_matches_everything_is_known, 0, ROWS(everything));
	tcase_add_test(tcase, wildcards_match_by_their_definition);
	tcase_add_test(tcase, many_stars_take_no_time);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(pattern_suite)
