/*
 * A policy is written as nsisolate-init's command line and read back.
 */
#include <linux/sched.h>

#include "conf/common/kinds.h"
#include "conf/common/private_dirs.h"
#include "conf/common/settings.h"
#include "conf/rules/keys.h"
#include "given.h"

/* Reads it back; fails on a word that is not accepted. */
static struct policy read_back(const struct policy_argv *argv)
{
	struct policy policy = {0};
	struct error error = {0};

	ck_assert_ptr_null(argv->option[argv->count]);
	for (int i = 0; i < argv->count; i++)
		ck_assert_msg(policy_from_option(&policy, argv->option[i], &error) == 1, "%s: %s",
			argv->option[i], error.text);
	return policy;
}

static void want_same(const struct policy *policy)
{
	struct policy_argv argv;
	struct policy back;

	policy_to_argv(policy, &argv);
	ck_assert_int_le(argv.count, POLICY_OPTIONS_MAX);
	back = read_back(&argv);
	ck_assert_int_eq(back.kinds, policy->kinds);
	ck_assert_int_eq(back.isolate, policy->kinds != 0);
	ck_assert_int_eq(back.network, policy->network);
	ck_assert_str_eq(back.rule, policy->rule);
	ck_assert_int_eq(back.scope, policy->scope);
	ck_assert_str_eq(back.hostname, policy->hostname);
	ck_assert_str_eq(back.domainname, policy->domainname);
	ck_assert_int_eq(back.hosts, policy->hosts);
	ck_assert_int_eq(back.numbered, policy->numbered);
	ck_assert_int_eq(back.logout, policy->logout);
	ck_assert_uint_eq(back.grace, policy->grace);
	ck_assert_uint_eq(back.linger_max, policy->linger_max);
	ck_assert_int_eq(back.on_error, policy->on_error);
	ck_assert_str_eq(back.id, policy->id);
	ck_assert_uint_eq(back.private, policy->private);
	ck_assert_str_eq(back.private_size, policy->private_size);
	ck_assert_str_eq(back.inaccessible, policy->inaccessible);
	ck_assert_str_eq(back.read_only, policy->read_only);
	ck_assert_int_eq(back.user_manager, policy->user_manager);
}

START_TEST(policy_comes_back_as_it_went)
{
	want_same(&(struct policy){.isolate = true,
		.rule = "users",
		.scope = SCOPE_USER,
		.kinds = CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS,
		.network = NETWORK_USER,
		.hostname = "alice-lab",
		.numbered = true,
		.domainname = "example.org",
		.hosts = true,
		.logout = LOGOUT_LINGER,
		.grace = 17,
		.linger_max = 1,
		.on_error = ON_ERROR_ALLOW,
		.id = "00c0ffee",
		.private = private_dirs_from_text("/dev/shm"),
		.private_size = "25%",
		.inaccessible = "/srv/a,/opt",
		.read_only = "/etc",
		.user_manager = USER_MANAGER_KEEP});
	want_same(&(struct policy){0});
}
END_TEST

START_TEST(largest_policy_has_room)
{
	struct policy policy = {.isolate = true,
		.network = NETWORK_HOST,
		.numbered = true,
		.hosts = true,
		.logout = LOGOUT_LINGER,
		.grace = POLICY_GRACE_MAX,
		.linger_max = POLICY_LINGER_MAX,
		.on_error = ON_ERROR_ALLOW,
		.id = "ffffffff",
		.private = (1u << private_dirs_count) - 1,
		.user_manager = USER_MANAGER_KEEP};

	for (size_t i = 0; i < kinds_count; i++)
		policy.kinds |= kinds[i].flag;
	memset(policy.hostname, 'h', POLICY_NAME_MAX);
	memset(policy.domainname, 'd', POLICY_NAME_MAX);
	memset(policy.rule, 'r', POLICY_RULE_MAX);
	memset(policy.private_size, '9', POLICY_SIZE_MAX);
	memset(policy.inaccessible, '/', POLICY_PATHS_MAX);
	memset(policy.read_only, '/', POLICY_PATHS_MAX);
	want_same(&policy);
}
END_TEST

START_TEST(random_policies_come_back_as_they_went)
{
	srandom(4);
	for (int i = 0; i < 10000; i++) {
		struct policy policy = {.hosts = random() % 2,
			.scope = (enum policy_scope)(random() % 2),
			.network = (enum policy_network)(random() % 3),
			.logout = (enum policy_logout)(random() % 2),
			.grace = (unsigned)random() % (POLICY_GRACE_MAX + 1),
			.linger_max = (unsigned)random() % (POLICY_LINGER_MAX + 1),
			.on_error = (enum policy_on_error)(random() % 2),
			.private = (unsigned)random() % (1u << private_dirs_count),
			.user_manager = (enum policy_user_manager)(random() % 3)};

		for (size_t k = 0; k < kinds_count; k++)
			policy.kinds |= random() % 2 ? kinds[k].flag : 0;
		for (long n = random() % (POLICY_NAME_MAX + 1); n > 0; n--)
			policy.hostname[n - 1] = "abc.-9"[random() % 6];
		for (long n = random() % (POLICY_NAME_MAX + 1); n > 0; n--)
			policy.domainname[n - 1] = "abc.-9"[random() % 6];
		for (long n = random() % (POLICY_RULE_MAX + 1); n > 0; n--)
			policy.rule[n - 1] = "abc._-9"[random() % 7];
		want_same(&policy);
	}
}
END_TEST

/* A row that is missing, or differs from the other end's. */
START_TEST(setting_has_a_row_with_a_field)
{
	const struct setting *setting = &settings[_i];
	struct policy policy = {0};
	struct key_fault fault;

	ck_assert_int_eq(key_by_name(setting->name), _i);
	ck_assert_msg(setting->words || setting->expected, "%s", setting->name);
	if (setting->builtin)
		ck_assert_msg(key_take((enum key_id)_i, setting->builtin, &policy, &fault), "%s",
			fault.text);
	for (unsigned i = 0; setting->words && i < setting->limit; i++) {
		ck_assert(key_take((enum key_id)_i, setting->words[i], &policy, &fault));
		if (setting->option)
			want_same(&policy);
	}
	/* as in nsisolate.conf, so that one who knows the key knows the option */
	for (size_t i = 0; setting->option && i <= strlen(setting->option); i++)
		ck_assert(setting->option[i] == (setting->name[i] == '_' ? '-' : setting->name[i]));
}
END_TEST

static const struct {
	const char *word;
	int result;
	const char *piece; /* of the error */
} words[] = {
	{"--uts", 1, ""},
	{"--pid", 1, ""},
	{"--uts=yes", -22, "takes no value"},
	{"--hostname=x", 1, ""},
	{"--hostname", -22, "expected =VALUE"},
	{"--hostname=", -22, "expected 1 to 64 bytes"},
	{"--logout=kill", 1, ""},
	{"--logout=never", -22, "expected kill or linger"},
	{"--grace=0", 1, ""},
	{"--grace=3601", -22, "from 0 to 3600"},
	{"--grace=-1", -22, "from 0 to 3600"},
	{"--grace=", -22, "from 0 to 3600"},
	{"--grace=2x", -22, "from 0 to 3600"},
	{"--linger-max=315576001", -22, "from 0 to 315576000"},
	{"--linger-max=2h", -22, "from 0 to 315576000"},
	{"--hosts", 1, ""},
	{"--hosts=no", -22, "takes no value"},
	{"--numbered", 1, ""},
	{"--numbered=2", -22, "takes no value"},
	{"--on-error=deny", 1, ""},
	{"--ipc", 1, ""},
	{"--net", 1, ""},
	{"--cgroup", 1, ""},
	{"--time", 1, ""},
	{"--time=1", -22, "takes no value"},
	{"--id=00c0ffee", 1, ""},
	{"--id=00c0ffee0", -22, "expected 1 to 8 bytes"},
	{"--private=/tmp", 1, ""},
	{"--private=/dev/shm,/tmp", 1, ""},
	{"--private=/home", -22, "expected some of /tmp,/var/tmp,/dev/shm"},
	{"--private=/tmp,", -22, "expected some of /tmp,/var/tmp,/dev/shm"},
	{"--private=", -22, "expected some of /tmp,/var/tmp,/dev/shm"},
	{"--private", -22, "expected =VALUE"},
	{"--private-size=25%", 1, ""},
	{"--private-size=", -22, "expected 1 to 15 bytes"},
	{"--inaccessible=/srv/a,/opt", 1, ""},
	{"--inaccessible=", -22, "expected 1 to 1000 bytes"},
	{"--read-only=/srv", 1, ""},
	{"--read-only", -22, "expected =VALUE"},
	{"--privacy=strict", 0, ""},
	{"--user-manager=keep", 1, ""},
	{"--network=user", 1, ""},
	{"--network=yes", -22, "expected host, none or user"},
	{"--network", -22, "expected =VALUE"},
	{"--user-manager=no", -22, "expected hide, keep or off"},
	{"--host", 0, ""},
	{"--", 0, ""},
	{"-u", 0, ""},
	{"uts", 0, ""},
	{"--user", 0, ""},
};

START_TEST(word_is_taken_or_refused_or_left)
{
	struct policy policy = {0};
	struct error error = {0};

	ck_assert_int_eq(policy_from_option(&policy, words[_i].word, &error), words[_i].result);
	ck_assert_msg(strstr(error.text, words[_i].piece), "%s", error.text);
}
END_TEST

/* ---- kinds ---- */

START_TEST(kinds_are_found_by_name_and_flag)
{
	for (size_t i = 0; i < kinds_count; i++) {
		ck_assert_ptr_eq(kind_by_name(kinds[i].name), &kinds[i]);
		ck_assert_ptr_eq(kind_by_flag(kinds[i].flag), &kinds[i]);
	}
	ck_assert_ptr_null(kind_by_name("user"));
	ck_assert_ptr_null(kind_by_name(""));
	ck_assert_ptr_null(kind_by_flag(0));
}
END_TEST

START_TEST(pid_ipc_and_cgroup_bring_mount)
{
	ck_assert_int_eq(kinds_complete(CLONE_NEWPID), CLONE_NEWPID | CLONE_NEWNS);
	ck_assert_int_eq(kinds_complete(CLONE_NEWIPC), CLONE_NEWIPC | CLONE_NEWNS);
	ck_assert_int_eq(kinds_complete(CLONE_NEWCGROUP), CLONE_NEWCGROUP | CLONE_NEWNS);
	ck_assert_int_eq(kinds_complete(CLONE_NEWUTS), CLONE_NEWUTS);
	ck_assert_int_eq(kinds_complete(CLONE_NEWNET), CLONE_NEWNET);
	ck_assert_int_eq(kinds_complete(CLONE_NEWTIME), CLONE_NEWTIME);
	ck_assert_int_eq(kinds_complete(CLONE_NEWNS), CLONE_NEWNS);
	ck_assert_int_eq(kinds_complete(0), 0);
}
END_TEST

START_TEST(refusal_names_cause_and_remedy)
{
	struct error error = {0};

	ck_assert_int_eq(kind_refused(kind_by_name("pid"), ENOSPC, &error), -ENOSPC);
	ck_assert_msg(strstr(error.text, "user.max_pid_namespaces"), "%s", error.text);
	ck_assert_int_eq(kind_refused(kind_by_name("uts"), EPERM, &error), -EPERM);
	ck_assert_msg(strstr(error.text, "CAP_SYS_ADMIN"), "%s", error.text);
	ck_assert_int_eq(kind_refused(&kind_user, EACCES, &error), -EACCES);
	ck_assert_msg(strstr(error.text, "apparmor"), "%s", error.text);
}
END_TEST

static Suite *policy_suite(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");

	tcase_add_test(tcase, policy_comes_back_as_it_went);
	tcase_add_test(tcase, largest_policy_has_room);
	tcase_add_test(tcase, random_policies_come_back_as_they_went);
	tcase_add_loop_test(tcase, setting_has_a_row_with_a_field, KEY_MATCHERS, KEY_COUNT);
	tcase_add_loop_test(tcase, word_is_taken_or_refused_or_left, 0, ROWS(words));
	tcase_add_test(tcase, kinds_are_found_by_name_and_flag);
	tcase_add_test(tcase, pid_ipc_and_cgroup_bring_mount);
	tcase_add_test(tcase, refusal_names_cause_and_remedy);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(policy_suite)
