#include "conf/rules/hostname.h"
#include "given.h"

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define USER_255 X50 X50 X50 X50 X50 "xxxxx"

/* The C library's, replaced: the tests' host is called what they say. */
static const char *host = "lab";

int gethostname(char *name, size_t size)
{
	snprintf(name, size, "%s", host);
	return 0;
}

/* A login without NSS: its groups are known. */
static struct login login_of(const char *user, uid_t uid, gid_t gid, const char *group)
{
	static char *names[1];
	static gid_t ids[1];

	names[0] = (char *)group;
	ids[0] = gid;
	return (struct login){.user = (char *)user,
		.uid = uid,
		.gid = gid,
		.groups_known = true,
		.group_count = group ? 1 : 0,
		.group_names = names,
		.group_ids = ids};
}

/* RFC 1123, 2.1 (and 952): labels of letters, digits and dashes inside, at most 63 bytes. */
static const char *what_is_invalid(const char *name)
{
	size_t length = strlen(name), label = 0;

	if (!length || length > 64)
		return "its length";
	for (size_t i = 0; i <= length; i++) {
		char byte = name[i];

		if (byte == '.' || !byte) {
			if (!label)
				return "an empty label";
			if (label > 63)
				return "a label's length";
			if (name[i - 1] == '-')
				return "a dash at a label's end";
			label = 0;
		} else if (byte == '-' && !label) {
			return "a dash at a label's start";
		} else if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", byte)) {
			return "a byte";
		} else {
			label++;
		}
	}
	name = strrchr(name, '.') ? strrchr(name, '.') + 1 : name;
	if (!name[strspn(name, "0123456789")])
		return "a number as last label, which makes it an address";
	return NULL;
}

static const struct policy students = {.rule = "students", .id = "00c0ffee"};

static void expand(const char *template, struct login *login, char name[POLICY_NAME_MAX + 1])
{
	struct error error = {0};
	const char *invalid;

	ck_assert_msg(
		hostname_expand(template, login, &students, name, &error) == 0, "%s", error.text);
	invalid = what_is_invalid(name);
	ck_assert_msg(!invalid, "'%s' from '%s': %s", name, template, invalid);
}

/* ---- the table ---- */

static const struct {
	const char *template, *user, *wanted;
} names[] = {
	{"%u", "alice", "alice"},
	{"%u", "Alice", "alice"},
	{"%u", "a.b_c", "a-b-c"},
	{"%u", "DOM\\user", "dom-user"},
	{"%u", "user@example.com", "user-example-com"},
	{"%u", "m\xc3\xbcller", "m-ller"},
	{"%u", "_apt", "apt"},
	{"%u", "www-", "www"},
	{"%u", "a--b", "a-b"},
	{"%u", "a.-.b", "a-b"},
	{"%u", "machine$", "machine"},
	{"%u", "two words", "two-words"},
	{"%u", "1000", "n1000"},
	{"%u", "0xcafe", "n0xcafe"},
	{"%u", "0xcafeteria", "0xcafeteria"},
	{"%u", "7of9", "7of9"},
	{"%u", "\xe6\x97\xa5\xe6\x9c\xac", "uid-5001"},
	{"%u", "", "uid-5001"},
	{"%u", "---", "uid-5001"},
	{"%u-x", "\xe6\x97\xa5\xe6\x9c\xac", "uid-5001-x"},
	{"%U", "alice", "n5001"},
	{"u%U", "alice", "u5001"},
	{"%g", "alice", "staff"},
	{"%G.example", "alice", "5002.example"},
	{"%r", "alice", "students"},
	{"%r.%u", "alice", "students.alice"},
	{"%u-%i", "alice", "alice-00c0ffee"},
	{"%i", "alice", "00c0ffee"},
	{"%u.%i.example", "alice", "alice.00c0ffee.example"},
	{"%u.%G", "alice", "alice.n5002"},
	{"100%%%u", "alice", "100-alice"},
	{"%%", "alice", "uid-5001"},
	{"%u.example.org", "alice", "alice.example.org"},
	{"..%u..example..", "alice", "alice.example"},
	{"-%u-.-x-", "alice", "alice.x"},
	{"UPPER", "alice", "upper"},
	{"fixed", "", "fixed"},
};

START_TEST(template_gives_the_name)
{
	struct login login = login_of(names[_i].user, 5001, 5002, "staff");
	char name[POLICY_NAME_MAX + 1];

	expand(names[_i].template, &login, name);
	ck_assert_str_eq(name, names[_i].wanted);
}
END_TEST

static const struct {
	const char *host, *template, *wanted;
} hosts[] = {
	{"lab", "%u-%l", "alice-lab"},
	{"lab", "%u-%H", "alice-lab"},
	{"lab.example.org", "%u-%l", "alice-lab"},
	{"lab.example.org", "%u-%H", "alice-lab.example.org"},
	{"lab.example.org", "%u.%H", "alice.lab.example.org"},
	{"Lab_1.Example", "%u-%H", "alice-lab-1.example"},
	{"(none)", "%u-%l", "alice-none"},
	{"", "%u-%l", "alice"},
	{"10", "%l", "n10"},
};

START_TEST(host_specifiers_are_the_host)
{
	struct login login = login_of("alice", 5001, 5001, NULL);
	char name[POLICY_NAME_MAX + 1];

	host = hosts[_i].host;
	expand(hosts[_i].template, &login, name);
	ck_assert_str_eq(name, hosts[_i].wanted);
}
END_TEST

/* ---- long names ---- */

START_TEST(name_that_just_fits_is_left_alone)
{
	struct login login = login_of(X50 X10 "xyz", 5001, 5001, NULL); /* 63 */
	char name[POLICY_NAME_MAX + 1];

	expand("%u", &login, name);
	ck_assert_str_eq(name, X50 X10 "xyz");
}
END_TEST

START_TEST(long_name_ends_in_a_hash)
{
	struct login login = login_of(X50 X10 "xyzz", 5001, 5001, NULL); /* 64 */
	char name[POLICY_NAME_MAX + 1];

	expand("%u", &login, name);
	ck_assert_int_eq(memcmp(name, X50 "xxxx-", 55), 0);
	ck_assert_uint_eq(strlen(name), 63);
	ck_assert_uint_eq(strspn(name + 55, "0123456789abcdef"), 8);
}
END_TEST

/* A change of the scheme would rename sessions that people know: so these are fixed. */
START_TEST(long_name_is_the_same_for_ever)
{
	struct login login = login_of(USER_255, 5001, 5001, NULL);
	char name[POLICY_NAME_MAX + 1];

	expand("%u", &login, name);
	ck_assert_str_eq(name, X50 "xxxx-936f9f8d");
}
END_TEST

START_TEST(long_names_that_differ_at_the_end_do_not_collide)
{
	char name[3][POLICY_NAME_MAX + 1];
	struct login one = login_of(X50 X50 "a", 5001, 5001, NULL);
	struct login two = login_of(X50 X50 "b", 5002, 5002, NULL);
	struct login dots = login_of(X50 X50 "_a", 5003, 5003, NULL);

	expand("%u", &one, name[0]);
	expand("%u", &two, name[1]);
	expand("%u", &dots, name[2]);
	ck_assert_str_ne(name[0], name[1]);
	ck_assert_str_ne(name[0], name[2]);
	ck_assert_str_ne(name[1], name[2]);
}
END_TEST

START_TEST(long_domain_is_left_out_before_the_user)
{
	struct login login = login_of("alice", 5001, 5001, NULL);
	char name[POLICY_NAME_MAX + 1];

	expand("%u." X50 "." X10 X10, &login, name);
	ck_assert_int_eq(memcmp(name, "alice-", 6), 0);
	ck_assert_uint_eq(strlen(name), 6 + 8);
}
END_TEST

START_TEST(long_number_is_given_its_letter_all_the_same)
{
	struct login login = login_of("alice", 5001, 5001, NULL);
	char name[POLICY_NAME_MAX + 1], digits[301] = "";

	memset(digits, '7', sizeof digits - 1);
	expand(digits, &login, name);
	ck_assert_int_eq(memcmp(name, "n777", 4), 0);
	ck_assert_uint_le(strlen(name), POLICY_NAME_MAX);
}
END_TEST

/* ---- templates that are refused ---- */

static const struct {
	const char *template;
	size_t offset;
	const char *piece; /* NULL: well formed */
} templates[] = {
	{"%u-%l", 0, NULL},
	{"%u%U%g%G%H%l%r%i%%", 0, NULL},
	{"a-b.c9", 0, NULL},
	{"%", 0, "expected one of"},
	{"x-%", 2, "expected one of"},
	{"%x", 0, "expected one of"},
	{"%u-%z", 3, "expected one of"},
	{"a b", 1, "only letters"},
	{"a_b", 1, "only letters"},
	{"${user}", 0, "only letters"},
	{"m\xc3\xbcller", 1, "only letters"},
};

START_TEST(template_is_checked)
{
	size_t offset = 0;
	const char *wrong = hostname_check(templates[_i].template, &offset);

	if (!templates[_i].piece) {
		ck_assert_msg(!wrong, "'%s': %s", templates[_i].template, wrong);
		return;
	}
	ck_assert_ptr_nonnull(wrong);
	ck_assert_msg(strstr(wrong, templates[_i].piece), "%s", wrong);
	ck_assert_uint_eq(offset, templates[_i].offset);
}
END_TEST

/* ---- numbers ---- */

static const struct {
	const char *name;
	unsigned number;
	const char *wanted;
} numbers[] = {
	{"alice-lab", 0, "alice-lab"},
	{"alice-lab", 1, "alice-lab"},
	{"alice-lab", 2, "alice-lab-2"},
	{"alice-lab", 99, "alice-lab-99"},
	{"alice-lab.example.org", 2, "alice-lab-2.example.org"},
	{"a", 10, "a-10"},
	{"", 1, ""},
	/* its label has 63 bytes, the whole of it 64 */
	{X50 X10 "xyz", 0, X50 X10 "xyz"},
	{X50 X10 "x", 9, X50 X10 "x-9"},
	{X50 X10 "xy", 9, X50 X10 "x-9"},
	{X50 X10 "xyz", 10, X50 X10 "-10"},
	{X50 "xxxxxxxx-z", 10, X50 "xxxxxxxx-z-10"},
	{X50 "xxxxxxxxx-yz", 10, X50 "xxxxxxxxx-10"},
	{X50 "xx.y.z", 9, X50 "xx-9.y.z"},
	{X50 "xx." X10 "y", 2, X50 "-2." X10 "y"},
	{"ab." X50 X10 "y", 2, "ab-2"},
	{"ab." X50 "xxxxxxxxxy", 2, "a-2." X50 "xxxxxxxxxy"},
};

START_TEST(number_goes_to_the_first_label_which_makes_room)
{
	char name[POLICY_NAME_MAX + 1];

	policy_hostname(numbers[_i].name, numbers[_i].number, name);
	ck_assert_str_eq(name, numbers[_i].wanted);
}
END_TEST

START_TEST(only_a_name_that_stays_this_machines_is_numbered)
{
	static const char *const yes[] = {"%u-%l", "%u-%H", "%l-%u", "%u-%l.example.org", "x%l"},
				 *const no[] = {"%u", "%l", "%H", "%l.%u", "%u.%l", "%u.%H",
					 "%u-%i", "%u-%l-%i", "%u-%l.%i", "%u-%%l", "kiosk", ""};

	for (size_t i = 0; i < ROWS(yes); i++)
		ck_assert_msg(hostname_may_be_numbered(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < ROWS(no); i++)
		ck_assert_msg(!hostname_may_be_numbered(no[i]), "%s", no[i]);
}
END_TEST

/* ---- properties ---- */

static void random_bytes(char *text, size_t size, const char *letters)
{
	size_t length = (size_t)random() % size;

	for (size_t i = 0; i < length; i++)
		text[i] = letters ? letters[(size_t)random() % strlen(letters)]
				  : (char)(1 + random() % 255);
	text[length] = '\0';
}

static void check_numbered(const char *name, unsigned number)
{
	char numbered[POLICY_NAME_MAX + 1], next[POLICY_NAME_MAX + 1];
	const char *invalid;

	policy_hostname(name, number, numbered);
	invalid = what_is_invalid(numbered);
	ck_assert_msg(!invalid, "'%s' from '%s': %s", numbered, name, invalid);
	policy_hostname(name, number + 1, next);
	ck_assert_str_ne(numbered, next);
}

START_TEST(name_is_valid_whatever_comes)
{
	static const char *const pieces[] = {
		"%u", "%U", "%g", "%G", "%H", "%l", "%r", "%i", "%%", "-", ".", "a", "Z", "0", "9"};
	char user[300], group[300], template[200], name[POLICY_NAME_MAX + 1];

	srandom(2);
	for (int i = 0; i < 10000; i++) {
		struct login login;

		random_bytes(user, i % 2 ? 300 : 8, i % 3 ? NULL : "aB9.-_\\ x");
		random_bytes(group, i % 5 ? 20 : 300, NULL);
		*template = '\0';
		for (long n = random() % 12; n >= 0; n--)
			strcat(template, pieces[(size_t)random() % ROWS(pieces)]);
		ck_assert_ptr_null(hostname_check(template, &(size_t){0}));
		login = login_of(user, (uid_t)random(), (gid_t)random(), group);
		expand(template, &login, name);
		check_numbered(name, 2 + (unsigned)random() % 98);
	}
}
END_TEST

START_TEST(name_is_the_same_every_time)
{
	char user[300], once[POLICY_NAME_MAX + 1], again[POLICY_NAME_MAX + 1];

	srandom(3);
	for (int i = 0; i < 1000; i++) {
		struct login login;

		random_bytes(user, sizeof user, NULL);
		login = login_of(user, 5001, 5001, NULL);
		expand("%u-%l", &login, once);
		expand("%u-%l", &login, again);
		ck_assert_str_eq(once, again);
	}
}
END_TEST

START_TEST(primary_group_that_is_missing_is_an_error)
{
	struct login login = login_of("alice", 5001, 5001, NULL);
	char name[POLICY_NAME_MAX + 1];
	struct error error = {0};

	ck_assert_int_lt(hostname_expand("%g", &login, &students, name, &error), 0);
	ck_assert_ptr_nonnull(strstr(error.text, "alice"));
}
END_TEST

static Suite *hostname_suite(void)
{
	Suite *suite = suite_create("hostname");
	TCase *tcase = tcase_create("hostname");

	tcase_add_loop_test(tcase, template_gives_the_name, 0, ROWS(names));
	tcase_add_loop_test(tcase, host_specifiers_are_the_host, 0, ROWS(hosts));
	tcase_add_test(tcase, name_that_just_fits_is_left_alone);
	tcase_add_test(tcase, long_name_ends_in_a_hash);
	tcase_add_test(tcase, long_name_is_the_same_for_ever);
	tcase_add_test(tcase, long_names_that_differ_at_the_end_do_not_collide);
	tcase_add_test(tcase, long_domain_is_left_out_before_the_user);
	tcase_add_test(tcase, long_number_is_given_its_letter_all_the_same);
	tcase_add_loop_test(tcase, template_is_checked, 0, ROWS(templates));
	tcase_add_loop_test(
		tcase, number_goes_to_the_first_label_which_makes_room, 0, ROWS(numbers));
	tcase_add_test(tcase, only_a_name_that_stays_this_machines_is_numbered);
	tcase_add_test(tcase, name_is_valid_whatever_comes);
	tcase_add_test(tcase, name_is_the_same_every_time);
	tcase_add_test(tcase, primary_group_that_is_missing_is_an_error);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(hostname_suite)
