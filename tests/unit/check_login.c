/*
 * Accounts and groups, with the C library's lookups replaced: NSS can be made to fail here.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "conf/login/login.h"
#include "given.h"

/* ---- what NSS answers ---- */

static struct {
	int errnum; /* of every lookup; 0: the account and the groups below are there */
	int groups_errnum; /* of every lookup of a group that is not in the local file */
	int interruptions; /* EINTR so many times before */
	size_t room; /* an entry needs that many bytes, or ERANGE */
	int group_count; /* alice's */
	/* getgrouplist does not say how many there are, as musl's old one */
	bool silent_about_count;
	int lookups; /* how many there were */
	int group_lists; /* and how many lists of gids */
} nss;

static int answer(size_t size, int errnum)
{
	nss.lookups++;
	if (nss.interruptions-- > 0)
		return EINTR;
	if (size < nss.room)
		return ERANGE;
	return errnum;
}

static int give_account(bool there, struct passwd *entry, size_t size, struct passwd **found)
{
	int result = answer(size, nss.errnum);

	*found = NULL;
	if (result || !there)
		return result;
	*entry = (struct passwd){.pw_name = (char *)"alice",
		.pw_uid = 5001,
		.pw_gid = 100,
		.pw_dir = (char *)"/home/alice",
		.pw_shell = (char *)""};
	*found = entry;
	return 0;
}

int getpwnam_r(
	const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
	(void)buffer;
	return give_account(!strcmp(name, "alice"), entry, size, found);
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
	(void)buffer;
	return give_account(uid == 5001, entry, size, found);
}

/* The groups 100 and 101 are local; the others come from a service that can fail. */
static int answer_group(size_t size, bool local)
{
	return answer(size, nss.errnum ? nss.errnum : local ? 0 : nss.groups_errnum);
}

int getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size, struct group **found)
{
	int result = answer_group(size, gid == 100 || gid == 101);

	*found = NULL;
	/* gid 105 has no name */
	if (result || gid < 100 || gid >= 200 || gid == 105)
		return result;
	snprintf(buffer, size, "group%u", gid);
	*entry = (struct group){.gr_name = buffer, .gr_gid = gid};
	*found = entry;
	return 0;
}

int getgrnam_r(
	const char *name, struct group *entry, char *buffer, size_t size, struct group **found)
{
	unsigned gid = 0;

	sscanf(name, "group%u", &gid);
	return getgrgid_r((gid_t)gid, entry, buffer, size, found);
}

/* As glibc's does, it leaves out what a failing service has, and says nothing. */
int getgrouplist(const char *user, gid_t group, gid_t *groups, int *count)
{
	int wanted = nss.groups_errnum ? 2 : nss.group_count, room = *count;

	nss.group_lists++;
	ck_assert_str_eq(user, "alice");
	ck_assert_uint_eq(group, 100);
	for (int i = 0; i < wanted && i < room; i++)
		groups[i] = (gid_t)(100 + i % 100);
	if (wanted <= room || !nss.silent_about_count)
		*count = wanted;
	return wanted > room ? -1 : wanted;
}

static void reset(void)
{
	memset(&nss, 0, sizeof nss);
	nss.group_count = 3;
}

/* ---- accounts ---- */

static char called[64];

static struct login login;
static struct error error;

static void want_alice(void)
{
	ck_assert_str_eq(login.user, "alice");
	ck_assert_uint_eq(login.uid, 5001);
	ck_assert_uint_eq(login.gid, 100);
	ck_assert_str_eq(login.home, "/home/alice");
	ck_assert_str_eq(login.shell, "");
	ck_assert_ptr_null(login.service);
	ck_assert(!login.groups_known);
	login_free(&login);
	ck_assert_ptr_null(login.user);
}

START_TEST(account_is_found_by_name_and_by_uid)
{
	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	want_alice();
	ck_assert_int_eq(login_by_uid(&login, 5001, &error), 0);
	want_alice();
}
END_TEST

START_TEST(each_login_has_an_id_of_its_own)
{
	char first[POLICY_ID_LENGTH + 1] = "";

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
		ck_assert_uint_eq(strlen(login.id), 8);
		ck_assert_uint_eq(strspn(login.id, "0123456789abcdef"), 8);
		ck_assert_str_ne(login.id, first);
		strcpy(first, login.id);
		login_free(&login);
	}
}
END_TEST

START_TEST(account_that_does_not_exist_is_enoent)
{
	ck_assert_int_eq(login_by_name(&login, "eve", &error), -ENOENT);
	ck_assert_str_eq(error.text, "there is no account 'eve'");
	ck_assert_int_eq(login_by_name(&login, "", &error), -ENOENT);
	ck_assert_int_eq(login_by_uid(&login, 7, &error), -ENOENT);
	ck_assert_str_eq(error.text, "there is no account 'uid 7'");
	ck_assert_ptr_null(login.user);
}
END_TEST

/* What getpwnam(3) lists as "not found" comes from a service that could not answer. */
static const int failures[] = {ENOENT, ESRCH, EBADF, EPERM, EIO, ECONNREFUSED, EMFILE, ENOMEM};

START_TEST(service_that_fails_is_never_a_missing_account)
{
	int result;

	nss.errnum = failures[_i];
	result = login_by_name(&login, "alice", &error);
	ck_assert_int_lt(result, 0);
	ck_assert_int_ne(result, -ENOENT);
	ck_assert_msg(strstr(error.text, "account 'alice': NSS failed"), "%s", error.text);
	ck_assert_ptr_nonnull(strstr(error.text, strerror(failures[_i])));
	ck_assert_ptr_null(login.user);
	/* nor is it for an account that is not there */
	ck_assert_int_ne(login_by_name(&login, "eve", &error), -ENOENT);
}
END_TEST

START_TEST(buffer_grows_as_large_as_an_entry)
{
	nss.room = 500000;
	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	want_alice();
}
END_TEST

START_TEST(buffer_does_not_grow_for_ever)
{
	nss.room = (size_t)1 << 30;
	ck_assert_int_eq(login_by_name(&login, "alice", &error), -ERANGE);
}
END_TEST

START_TEST(signal_interrupts_no_lookup)
{
	nss.interruptions = 3;
	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	want_alice();
}
END_TEST

/* ---- groups ---- */

START_TEST(groups_have_names_and_numbers)
{
	nss.group_count = 7;
	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	ck_assert_int_eq(login_groups(&login, &error), 0);
	ck_assert(login.groups_known);
	ck_assert_uint_eq(login.group_count, 7);
	ck_assert_uint_eq(login.group_ids[0], 100);
	ck_assert_str_eq(login.group_names[0], "group100");
	ck_assert_str_eq(login.group_names[6], "group106");
	ck_assert_str_eq(login.group_names[5], "105"); /* the gid has no name */
	login_free(&login);
}
END_TEST

START_TEST(groups_are_asked_for_once)
{
	int lookups;

	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	ck_assert_int_eq(login_groups(&login, &error), 0);
	lookups = nss.lookups;
	ck_assert_int_eq(login_groups(&login, &error), 0);
	ck_assert_int_eq(nss.lookups, lookups);
	login_free(&login);
}
END_TEST

static const int counts[] = {1, 63, 64, 65, 5000, 65536};

START_TEST(many_groups_are_all_there)
{
	for (int silent = 0; silent < 2; silent++) {
		nss.group_count = counts[_i];
		nss.silent_about_count = silent;
		ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
		ck_assert_int_eq(login_groups(&login, &error), 0);
		ck_assert_uint_eq(login.group_count, (size_t)counts[_i]);
		login_free(&login);
	}
}
END_TEST

START_TEST(endless_groups_are_an_error)
{
	nss.group_count = 1 << 20;
	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	ck_assert_int_eq(login_groups(&login, &error), -ERANGE);
	ck_assert(!login.groups_known);
	login_free(&login);
}
END_TEST

/* getgrouplist alone would say that alice is in one group, and all would seem well. */
START_TEST(service_that_fails_is_never_no_membership)
{
	nss.groups_errnum = failures[_i];
	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	ck_assert_int_lt(login_groups(&login, &error), 0);
	ck_assert_msg(strstr(error.text, "NSS failed"), "%s", error.text);
	ck_assert(!login.groups_known);
	/* what it did say is a fact anyway */
	ck_assert_int_eq(login_in_group(&login, "group101"), TRUTH_YES);
	ck_assert_int_eq(login_in_group(&login, "group102"), TRUTH_UNKNOWN);
	ck_assert_int_eq(login_in_group(&login, "nobody's"), TRUTH_UNKNOWN);
	login_free(&login);
	/* and once it answers again, so does the next login */
	nss.groups_errnum = 0;
	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	ck_assert_int_eq(login_groups(&login, &error), 0);
	ck_assert_uint_eq(login.group_count, 3);
	ck_assert_int_eq(login_in_group(&login, "group102"), TRUTH_YES);
	ck_assert_int_eq(login_in_group(&login, "nobody's"), TRUTH_NO);
	login_free(&login);
}
END_TEST

START_TEST(group_exists_or_not_or_cannot_be_told)
{
	ck_assert_int_eq(login_group_exists("group100", called, sizeof called, &error), 1);
	ck_assert_int_eq(login_group_exists("staff", called, sizeof called, &error), 0);
	nss.groups_errnum = ENOENT;
	ck_assert_int_eq(login_group_exists("group100", called, sizeof called, &error), 1);
	ck_assert_int_lt(login_group_exists("staff", called, sizeof called, &error), 0);
	ck_assert_ptr_nonnull(strstr(error.text, "group 'staff'"));
}
END_TEST

/* alice is in group100 and group101, which are local; whether in `staff`, nobody can tell. */
static const struct {
	const char *text;
	const char *rule; /* NULL: it is not decided */
	bool doubt;
} doubts[] = {
	{"[a]\ngroup = group101, staff\nisolate = no\n[all]\n", "a", false},
	{"[a]\ngroup = staff, group101\nisolate = no\n[all]\n", "a", false},
	{"[a]\ngroup = group10?\nisolate = no\n[all]\n", "a", false},
	{"[a]\ngroup = staff\nisolate = no\n[all]\n", "all", true},
	{"[a]\ngroup = group102\nisolate = no\n[all]\n", "all", true},
	{"[a]\ngroup = st*\nisolate = no\n[all]\n", "all", true},
	{"[a]\ngroup = staff\nisolate = no\n[b]\ngroup = s?\nisolate = no\n[all]\n", "all", true},
	{"[a]\ngroup = staff\n", "a", true},
	{"[a]\ngroup = staff\n[b]\nisolate = no\n", "a", true},
	/* it makes no difference */
	{"[a]\ngroup = staff\nisolate = no\n[b]\nisolate = no\n", "b", false},
	{"[a]\ngroup = staff\nisolate = no\n", "", false},
	{"[a]\nuser = bob\ngroup = staff\n[all]\n", "all", false},
	{"[a]\ngroup = *\nisolate = no\n[all]\n", "a", false},
	/* two policies that are one */
	{"[a]\ngroup = staff\n[all]\n", "all", true},
	/* two policies */
	{"[a]\ngroup = staff\ngrace = 5\n[all]\n", NULL, false},
	{"[a]\ngroup = staff\ngrace = 5\n[b]\nuser = alice\nisolate = no\n", "a", true},
	{"[a]\ngroup = staff\ngrace = 5\n[b]\ngroup = s?\n", NULL, false},
	{"[defaults]\non_error = allow\n[a]\ngroup = staff\ngrace = 5\n[all]\n", NULL, false},
	{"[a]\ngroup = staff\non_error = allow\n[all]\n", NULL, false},
	{"[a]\ngroup = staff\n[all]\non_error = allow\n", NULL, false},
	/* a negation */
	{"[a]\ngroup = *, !staff\n", NULL, false},
	{"[a]\ngroup = *, !st*\n[all]\n", NULL, false},
	{"[a]\ngroup = group101, !staff\nisolate = no\n[all]\n", NULL, false},
	{"[a]\ngroup = staff, !group101\n[all]\n", "all", false},
	{"[a]\ngroup = *, !group101, !staff\n[all]\n", "all", false},
};

START_TEST(what_nss_cannot_tell_locks_nobody_out)
{
	struct rules *rules = given_rules(doubts[_i].text);
	struct policy policy;
	int result;

	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	nss.groups_errnum = ECONNREFUSED;
	memset(&error, 0, sizeof error);
	result = rules_match(rules, &login, &policy, &error);
	ck_assert_msg((result < 0) == !doubts[_i].rule, "%d: %s: %s, %s", result, doubts[_i].text,
		policy.rule, error.text);
	if (result < 0) {
		ck_assert_msg(strstr(error.text, "rule [a], group: cannot look up group"), "%s",
			error.text);
		ck_assert_ptr_nonnull(strstr(error.text, strerror(ECONNREFUSED)));
		ck_assert(!error.lacking);
		ck_assert(!policy.isolate);
	} else {
		ck_assert_str_eq(policy.rule, doubts[_i].rule);
		ck_assert_str_eq(error.text, "");
	}
	ck_assert_int_eq(*login.doubt.text != '\0', doubts[_i].doubt);
	if (doubts[_i].doubt) {
		ck_assert_msg(strstr(login.doubt.text, "whether rule [a] matches"), "%s",
			login.doubt.text);
		ck_assert_ptr_nonnull(strstr(login.doubt.text, strerror(ECONNREFUSED)));
	}
	login_free(&login);
	rules_free(rules);
}
END_TEST

static const char *const needs_no_nss[] = {
	"[root]\nuid = 0\ngroup = staff\n[all]\nuser = *\n",
	"[a]\ngroup = staff\nisolate = no\n[all]\nisolate = no\n",
	"[all]\ngroup = *\n",
};

START_TEST(rules_ask_nss_only_for_what_decides)
{
	struct rules *rules = given_rules(needs_no_nss[_i]);
	struct policy policy;
	int lookups;

	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	lookups = nss.lookups;
	nss.errnum = EIO;
	ck_assert_int_eq(rules_match(rules, &login, &policy, &error), 0);
	ck_assert_str_eq(policy.rule, "all");
	ck_assert_str_eq(login.doubt.text, "");
	ck_assert_int_eq(nss.lookups, lookups);
	login_free(&login);
	rules_free(rules);
}
END_TEST

/* It gets in also where NSS hangs. */
START_TEST(no_service_is_asked_for_a_group_of_uid_0)
{
	static const char text[] = "[a]\ngroup = staff, *, !group1*\n[b]\ngroup = group100\n"
				   "[root]\nhostname = %g-%l\n[last]\nisolate = no\n";
	struct rules *rules = given_rules(text);
	struct policy policy;
	int lookups;

	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	login.uid = login.gid = 0;
	lookups = nss.lookups + nss.group_lists;
	ck_assert_int_eq(rules_match(rules, &login, &policy, &error), 0);
	ck_assert_str_eq(policy.rule, "root");
	ck_assert_int_eq(strncmp(policy.hostname, "gid-0-", 6), 0);
	ck_assert_msg(strstr(login.doubt.text, "rule [a] was passed over"), "%s", login.doubt.text);
	ck_assert_int_eq(nss.lookups + nss.group_lists, lookups);
	login_free(&login);
	rules_free(rules);
}
END_TEST

/* How many lookups of groups the rules cost, besides the list of gids. */
static const struct {
	const char *groups;
	int count; /* alice's groups, from group100 on */
	bool matches;
	int most;
} costs[] = {
	{"group100, group101, group102", 1, true, 2}, /* her group's name, and that name's group */
	{"staff", 1, false, 2}, /* its name, and whether all services answered */
	{"staff, group150, group160", 2, false, 3},
	{"group150, group102", 90, true, 2}, /* one that she is in is enough */
	{"group195", 90, false, 2},
	{"staff, group195", 90, false, 3}, /* what nobody knows is asked for twice */
	{"group195, staff", 90, false, 4},
	{"*, !group195", 90, true, 2},
	{"group18?", 90, true, 92}, /* all their names, one of which is none */
	{"group195, gr*9", 90, true, 92},
};

START_TEST(rules_take_the_cheaper_way_to_the_groups)
{
	char text[256];
	struct rules *rules;
	struct policy policy;
	int before;

	/* twice: no group is asked for again */
	snprintf(text, sizeof text,
		"[a]\nuser = *\ngroup = %s, x\nservice = never\n[b]\ngroup = %s\n"
		"[c]\nuid = 0-60000\ngroup = %s\ngrace = 3\n",
		costs[_i].groups, costs[_i].groups, costs[_i].groups);
	rules = given_rules(text);
	nss.group_count = costs[_i].count;
	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	before = nss.lookups;
	ck_assert_int_eq(rules_match(rules, &login, &policy, &error), 0);
	ck_assert_str_eq(policy.rule, costs[_i].matches ? "b" : "");
	ck_assert_int_le(nss.lookups - before, costs[_i].most);
	ck_assert_str_eq(login.doubt.text, "");
	login_free(&login);
	rules_free(rules);
}
END_TEST

/* As many members as no real directory has; and the room for it is made once. */
START_TEST(group_of_any_size_can_be_told)
{
	int before;

	nss.group_count = 90;
	ck_assert_int_eq(login_by_name(&login, "alice", &error), 0);
	nss.room = (size_t)60 << 20;
	before = nss.lookups;
	ck_assert_int_eq(login_in_group(&login, "group150"), TRUTH_YES);
	ck_assert_int_eq(login_in_group(&login, "group151"), TRUTH_YES);
	ck_assert_int_le(nss.lookups - before, 9);
	login_free(&login);
	nss.room = (size_t)65 << 20;
	ck_assert_int_eq(login_group_exists("group150", called, sizeof called, &error), -ERANGE);
	ck_assert_msg(strstr(error.text, "64 MiB"), "%s", error.text);
}
END_TEST

static Suite *login_suite(void)
{
	Suite *suite = suite_create("login");
	TCase *tcase = tcase_create("login");

	tcase_add_checked_fixture(tcase, reset, NULL);
	tcase_add_test(tcase, account_is_found_by_name_and_by_uid);
	tcase_add_test(tcase, each_login_has_an_id_of_its_own);
	tcase_add_test(tcase, account_that_does_not_exist_is_enoent);
	tcase_add_loop_test(
		tcase, service_that_fails_is_never_a_missing_account, 0, ROWS(failures));
	tcase_add_test(tcase, buffer_grows_as_large_as_an_entry);
	tcase_add_test(tcase, buffer_does_not_grow_for_ever);
	tcase_add_test(tcase, signal_interrupts_no_lookup);
	tcase_add_test(tcase, groups_have_names_and_numbers);
	tcase_add_test(tcase, groups_are_asked_for_once);
	tcase_add_loop_test(tcase, many_groups_are_all_there, 0, ROWS(counts));
	tcase_add_test(tcase, endless_groups_are_an_error);
	tcase_add_loop_test(tcase, service_that_fails_is_never_no_membership, 0, ROWS(failures));
	tcase_add_test(tcase, group_exists_or_not_or_cannot_be_told);
	tcase_add_loop_test(tcase, what_nss_cannot_tell_locks_nobody_out, 0, ROWS(doubts));
	tcase_add_loop_test(tcase, rules_ask_nss_only_for_what_decides, 0, ROWS(needs_no_nss));
	tcase_add_test(tcase, no_service_is_asked_for_a_group_of_uid_0);
	tcase_add_loop_test(tcase, rules_take_the_cheaper_way_to_the_groups, 0, ROWS(costs));
	tcase_add_test(tcase, group_of_any_size_can_be_told);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(login_suite)
