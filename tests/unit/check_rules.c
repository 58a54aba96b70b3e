/*
 * Which rule wins, what it sets, and what is told about it.
 */
#include <errno.h>
#include <sched.h>

#include "conf/common/closed_paths.h"
#include "conf/common/kinds.h"
#include "conf/common/private_dirs.h"
#include "conf/rules/keys.h"
#include "given.h"

/* ---- a login as one line ---- */

struct given_login {
	const char *user;
	uid_t uid;
	const char *groups; /* separated by blanks, the primary one first */
	const char *service, *tty, *rhost;
};

static void fill_login(struct login *login, const struct given_login *given)
{
	char *rest = strdup(given->groups), *word;

	*login = (struct login){.user = strdup(given->user),
		.uid = given->uid,
		.id = "00c0ffee",
		.gid = 100,
		.service = given->service,
		.tty = given->tty,
		.rhost = given->rhost,
		.groups_known = true,
		.group_names = calloc(16, sizeof(char *)),
		.group_ids = calloc(16, sizeof(gid_t))};
	for (char *next = rest; (word = strsep(&next, " "));) {
		login->group_ids[login->group_count] = (gid_t)(100 + login->group_count);
		login->group_names[login->group_count++] = strdup(word);
	}
	free(rest);
}

static struct policy match(struct rules *rules, const struct given_login *given)
{
	struct login login;
	struct policy policy;
	struct error error = {0};

	fill_login(&login, given);
	ck_assert_msg(rules_match(rules, &login, &policy, &error) == 0, "%s", error.text);
	login_free(&login);
	return policy;
}

static struct policy policy_of(const char *text, const struct given_login *given)
{
	struct rules *rules = given_rules(text);
	struct policy policy = match(rules, given);

	rules_free(rules);
	return policy;
}

static const struct given_login alice = {"alice", 5001, "staff users", "sshd", "ssh", "192.0.2.7"};

/* ---- one matcher ---- */

static const struct {
	const char *matcher;
	bool matched; /* alice */
} matcher_rows[] = {
	{"user = alice", true},
	{"user = bob", false},
	{"user = bob, a*", true},
	{"user = *, !alice", false},
	{"USER = alice", true},
	{"uid = 5001", true},
	{"uid = 1000-59999", true},
	{"uid = 0-999", false},
	{"group = staff", true},
	{"group = users", true},
	{"group = sudo", false},
	{"group = *, !users", false},
	{"group = *, !sudo", true},
	{"service = sshd", true},
	{"service = login, ss*", true},
	{"service = su", false},
	{"tty = ssh", true},
	{"tty = tty*", false},
	{"from = 192.0.2.0/24", true},
	{"from = 198.51.100.0/24", false},
	{"from = 2001:db8::/32, 192.0.*", true},
	{"from = *.example", false},
	{"", true},

	/* all of them must match */
	{"user = alice\nuid = 5001\ngroup = staff\nservice = sshd\ntty = ssh\nfrom = 192.0.2.7",
		true},
	{"user = bob\nuid = 5001\ngroup = staff\nservice = sshd\ntty = ssh\nfrom = 192.0.2.7",
		false},
	{"user = alice\nuid = 7\ngroup = staff\nservice = sshd\ntty = ssh\nfrom = 192.0.2.7",
		false},
	{"user = alice\nuid = 5001\ngroup = sudo\nservice = sshd\ntty = ssh\nfrom = 192.0.2.7",
		false},
	{"user = alice\nuid = 5001\ngroup = staff\nservice = su\ntty = ssh\nfrom = 192.0.2.7",
		false},
	{"user = alice\nuid = 5001\ngroup = staff\nservice = sshd\ntty = x\nfrom = 192.0.2.7",
		false},
	{"user = alice\nuid = 5001\ngroup = staff\nservice = sshd\ntty = ssh\nfrom = 10.0.0.1",
		false},
};

START_TEST(matchers_are_joined_by_and)
{
	char text[512];
	struct policy policy;

	snprintf(text, sizeof text, "[it]\n%s\n", matcher_rows[_i].matcher);
	policy = policy_of(text, &alice);
	ck_assert_msg(policy.isolate == matcher_rows[_i].matched, "%s", matcher_rows[_i].matcher);
	ck_assert_str_eq(policy.rule, matcher_rows[_i].matched ? "it" : "");
}
END_TEST

static const struct {
	const char *tty, *list;
	bool matched;
} ttys[] = {
	{"/dev/pts/3", "pts/*", true},
	{"pts/3", "pts/*", true},
	{"/dev/tty1", "tty1", true},
	{"/dev/tty1", "/dev/tty1", false},
	{NULL, "*", true},
	{NULL, "?*", false},
	{"", "*", true},
};

START_TEST(tty_is_named_without_dev)
{
	struct given_login given = alice;
	char text[128];

	given.tty = ttys[_i].tty;
	snprintf(text, sizeof text, "[it]\ntty = %s\n", ttys[_i].list);
	ck_assert_int_eq(policy_of(text, &given).isolate, ttys[_i].matched);
}
END_TEST

START_TEST(what_is_not_known_is_empty)
{
	static const struct given_login nothing = {"alice", 5001, "staff", NULL, NULL, NULL};

	ck_assert(!policy_of("[it]\nfrom = 0.0.0.0/0, ::/0\n", &nothing).isolate);
	ck_assert(policy_of("[it]\nfrom = *, !10.0.0.0/8\n", &nothing).isolate);
	ck_assert(!policy_of("[it]\nservice = ?*\n", &nothing).isolate);
}
END_TEST

static const char *const managers[] = {"systemd-user", "elogind-user", "openrc-user", "turnstiled"};

START_TEST(manager_of_services_is_never_isolated)
{
	struct given_login given = alice;
	char text[64];

	given.service = managers[_i];
	ck_assert(!policy_of("[it]\n", &given).isolate);
	snprintf(text, sizeof text, "[it]\nservice = %s\n", given.service);
	ck_assert(!policy_of(text, &given).isolate);
	given.service = "systemd-users";
	ck_assert(policy_of("[it]\n", &given).isolate);
}
END_TEST

/* ---- many rules ---- */

static const char many[] = "[root]\n"
			   "uid = 0\n"
			   "isolate = no\n"
			   "[admins]\n"
			   "group = sudo, wheel\n"
			   "isolate = no\n"
			   "[students]\n"
			   "group = students\n"
			   "logout = linger\n"
			   "[lab]\n"
			   "from = 192.0.2.0/24\n"
			   "hostname = %u.lab\n"
			   "[rest]\n"
			   "uid = 1000-59999\n";

static const struct {
	struct given_login login;
	const char *rule;
	bool isolate;
} wins[] = {
	{{"root", 0, "root sudo", "sshd", "ssh", "192.0.2.1"}, "root", false},
	{{"carol", 5003, "carol sudo", "sshd", "ssh", "192.0.2.1"}, "admins", false},
	{{"dora", 5004, "students wheel", "sshd", "ssh", "192.0.2.1"}, "admins", false},
	{{"eva", 5005, "eva students", "sshd", "ssh", "192.0.2.1"}, "students", true},
	{{"fay", 5006, "fay", "sshd", "ssh", "192.0.2.1"}, "lab", true},
	{{"gil", 5007, "gil", "sshd", "ssh", "198.51.100.1"}, "rest", true},
	{{"hal", 70000, "hal", "sshd", "ssh", "198.51.100.1"}, "", false},
	{{"daemon", 1, "daemon", "cron", NULL, NULL}, "", false},
};

START_TEST(first_rule_that_matches_wins)
{
	struct policy policy = policy_of(many, &wins[_i].login);

	ck_assert_str_eq(policy.rule, wins[_i].rule);
	ck_assert_int_eq(policy.isolate, wins[_i].isolate);
}
END_TEST

static const struct {
	struct given_login login;
	const char *rule;
	bool isolate;
} shipped[] = {
	{{"root", 0, "root", "sshd", "ssh", "192.0.2.1"}, "system", false},
	{{"root", 0, "root", "login", "/dev/tty1", NULL}, "system", false},
	{{"www-data", 33, "www-data", "su", NULL, NULL}, "system", false},
	{{"backup", 999, "backup", "sshd", "ssh", "192.0.2.1"}, "system", false},
	{{"nobody", 65534, "nogroup", "sshd", "ssh", "192.0.2.1"}, "system", false},
	{{"carol", 5003, "carol sudo", "sshd", "ssh", "192.0.2.1"}, "administrators", false},
	{{"carol", 5003, "carol wheel", "login", "tty1", NULL}, "administrators", false},
	{{"carol", 5003, "carol admin", "nsisolate-shell", NULL, NULL}, "administrators", false},
	{{"alice", 1000, "alice", "sshd", "ssh", "192.0.2.1"}, "users", true},
	{{"alice", 5001, "alice", "login", "tty1", NULL}, "users", true},
	{{"alice", 5001, "alice", "remote", "pts/1", "lab"}, "users", true},
	{{"alice", 5001, "alice", "nsisolate-shell", NULL, NULL}, "shell-users", true},
	{{"alice", 1660601103, "domain-users", "sshd", "ssh", "192.0.2.1"}, "users", true},
	{{"alice", 5001, "alice", "su", "pts/1", NULL}, "", false},
	{{"alice", 5001, "alice", "sudo", "pts/1", NULL}, "", false},
	{{"alice", 5001, "alice", "cron", NULL, NULL}, "", false},
	{{"alice", 5001, "alice", "systemd-user", NULL, NULL}, "", false},
};

/* Run from the top of the tree, as all tests are. */
START_TEST(shipped_file_does_what_it_says)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;
	struct policy policy;

	ck_assert_int_eq(rules_load("conf/nsisolate.conf", &rules, &diagnostics), 0);
	policy = match(rules, &shipped[_i].login);
	ck_assert_str_eq(policy.rule, shipped[_i].rule);
	ck_assert_int_eq(policy.isolate, shipped[_i].isolate);
	if (policy.isolate)
		ck_assert_int_eq(policy.kinds, CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS);
	rules_free(rules);
}
END_TEST

/* ---- settings ---- */

START_TEST(builtin_values_are_those_of_the_contract)
{
	struct policy policy = policy_of("[it]\nhostname = %u\n", &alice);

	ck_assert(policy.isolate);
	ck_assert_int_eq(policy.kinds, CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS);
	ck_assert_int_eq(policy.network, NETWORK_HOST);
	ck_assert_str_eq(policy.hostname, "alice");
	ck_assert_str_eq(policy.domainname, "");
	ck_assert(policy.hosts);
	ck_assert_str_eq(policy.shell, "");
	ck_assert_int_eq(policy.logout, LOGOUT_KILL);
	ck_assert_uint_eq(policy.grace, 2);
	ck_assert_uint_eq(policy.linger_max, 0);
	ck_assert_int_eq(policy.on_error, ON_ERROR_DENY);
	ck_assert_uint_eq(policy.private, 0);
	ck_assert_str_eq(policy.private_size, "");
	ck_assert_str_eq(policy.inaccessible, "");
	ck_assert_str_eq(policy.read_only, "");
	ck_assert_int_eq(policy.user_manager, USER_MANAGER_HIDE);
	ck_assert_str_eq(settings[KEY_HOSTNAME].builtin, "%u-%l");
	ck_assert_str_eq(policy_of("[it]\nprivate = /tmp\n", &alice).private_size, "25%");
}
END_TEST

START_TEST(every_setting_can_be_set)
{
	struct policy policy = policy_of("[it]\nisolate = Yes\nnamespaces = UTS\n"
					 "hostname = %u.%r\ndomainname = %r.example\nhosts = no\n"
					 "shell = /bin/zsh\nlogout = linger\ngrace = 3600\n"
					 "linger_max = 2h 30min\n"
					 "on_error = allow\nprivate = /dev/shm, /tmp\n"
					 "private_size = 64m\nuser_manager = Keep\n"
					 "network = None\nread_only = /etc ,/opt\n"
					 "inaccessible = /srv/a\n",
		&alice);

	ck_assert(policy.isolate);
	/* mount is what `private` brings, net what `network` does */
	ck_assert_int_eq(policy.kinds, CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWNET);
	ck_assert_int_eq(policy.network, NETWORK_NONE);
	ck_assert_str_eq(policy.hostname, "alice.it");
	ck_assert_str_eq(policy.domainname, "it.example");
	ck_assert(!policy.hosts);
	ck_assert_str_eq(policy.shell, "/bin/zsh");
	ck_assert_int_eq(policy.logout, LOGOUT_LINGER);
	ck_assert_uint_eq(policy.grace, 3600);
	ck_assert_uint_eq(policy.linger_max, 9000);
	ck_assert_int_eq(policy.on_error, ON_ERROR_ALLOW);
	ck_assert_uint_eq(policy.private, private_dirs_from_text("/tmp,/dev/shm"));
	ck_assert_str_eq(policy.private_size, "64m");
	ck_assert_int_eq(policy.user_manager, USER_MANAGER_KEEP);
	ck_assert_str_eq(policy.read_only, "/etc,/opt");
	ck_assert_str_eq(policy.inaccessible, "/srv/a");
}
END_TEST

#define ALL_PRIVATE "/tmp,/var/tmp,/dev/shm"

/* What a rule says itself counts, in whichever order; then its preset, then [defaults]. */
START_TEST(privacy_is_a_preset_of_other_settings)
{
	enum { STRICT = CLONE_NEWIPC | CLONE_NEWCGROUP };
	static const struct {
		const char *text, *private;
		int kinds; /* of STRICT */
		enum policy_network network;
	} rows[] = {
		{"[a]\n", "", 0, NETWORK_HOST},
		{"[a]\nprivacy = processes\n", "", 0, NETWORK_HOST},
		{"[a]\nprivacy = Strict\n", ALL_PRIVATE, STRICT, NETWORK_USER},
		{"[defaults]\nprivacy = strict\n[a]\n", ALL_PRIVATE, STRICT, NETWORK_USER},
		{"[defaults]\nprivacy = strict\n[a]\nprivacy = processes\n", "", 0, NETWORK_HOST},
		/* single keys beside it */
		{"[a]\nprivacy = strict\nnetwork = host\n", ALL_PRIVATE, STRICT, NETWORK_HOST},
		{"[a]\nnetwork = none\nprivacy = strict\n", ALL_PRIVATE, STRICT, NETWORK_NONE},
		{"[a]\nprivate = /tmp\nprivacy = strict\n", "/tmp", STRICT, NETWORK_USER},
		{"[a]\nprivacy = strict\nnamespaces = pid, ipc\n", ALL_PRIVATE, CLONE_NEWIPC,
			NETWORK_USER},
		{"[a]\nprivacy = strict\nnamespaces = pid, net\n", ALL_PRIVATE, 0, NETWORK_NONE},
		/* and elsewhere */
		{"[defaults]\nnetwork = host\n[a]\nprivacy = strict\n", ALL_PRIVATE, STRICT,
			NETWORK_USER},
		{"[defaults]\nnetwork = host\nprivacy = strict\n[a]\n", ALL_PRIVATE, STRICT,
			NETWORK_HOST},
		{"[defaults]\nprivacy = strict\n[a]\nnetwork = host\n", ALL_PRIVATE, STRICT,
			NETWORK_HOST},
		{"[defaults]\nprivate = /tmp\n[a]\nprivacy = processes\n", "/tmp", 0, NETWORK_HOST},
	};

	for (int i = 0; i < ROWS(rows); i++) {
		struct policy policy = policy_of(rows[i].text, &alice);

		ck_assert_msg(policy.private == private_dirs_from_text(rows[i].private), "%s",
			rows[i].text);
		ck_assert_msg((policy.kinds & STRICT) == rows[i].kinds, "%s", rows[i].text);
		ck_assert_msg(policy.network == rows[i].network, "%s", rows[i].text);
		ck_assert(!!(policy.kinds & CLONE_NEWNET) == (policy.network != NETWORK_HOST));
	}
}
END_TEST

START_TEST(a_network_can_be_told_by_either_word)
{
	static const struct {
		const char *text;
		enum policy_network network;
		bool own;
	} rows[] = {
		{"[a]\n", NETWORK_HOST, false},
		{"[a]\nnetwork = host\n", NETWORK_HOST, false},
		{"[a]\nnetwork = none\n", NETWORK_NONE, true},
		{"[a]\nnetwork = user\n", NETWORK_USER, true},
		{"[a]\nnamespaces = uts, net\n", NETWORK_NONE, true},
		{"[a]\nnetwork = none\nnamespaces = uts, net\n", NETWORK_NONE, true},
		{"[defaults]\nnamespaces = uts, net\n[a]\n", NETWORK_NONE, true},
		{"[defaults]\nnetwork = user\n[a]\nnetwork = host\n", NETWORK_HOST, false},
	};

	for (int i = 0; i < ROWS(rows); i++) {
		struct policy policy = policy_of(rows[i].text, &alice);

		ck_assert_msg(policy.network == rows[i].network, "%s", rows[i].text);
		ck_assert(!!(policy.kinds & CLONE_NEWNET) == rows[i].own);
	}
}
END_TEST

START_TEST(defaults_count_for_all_rules_wherever_they_stand)
{
	static const char *const texts[] = {
		"[defaults]\ngrace = 7\nlogout = linger\n[a]\nuser = alice\ngrace = 9\n[b]\n",
		"[a]\nuser = alice\ngrace = 9\n[defaults]\ngrace = 7\nlogout = linger\n[b]\n",
		"[a]\nuser = alice\ngrace = 9\n[b]\n[defaults]\ngrace = 7\nlogout = linger\n",
	};
	struct given_login bob = alice;

	bob.user = "bob";
	for (int i = 0; i < ROWS(texts); i++) {
		struct policy policy = policy_of(texts[i], &alice);

		ck_assert_uint_eq(policy.grace, 9);
		ck_assert_int_eq(policy.logout, LOGOUT_LINGER);
		policy = policy_of(texts[i], &bob);
		ck_assert_str_eq(policy.rule, "b");
		ck_assert_uint_eq(policy.grace, 7);
	}
}
END_TEST

/* Every list of kinds, with what it brings. */
START_TEST(any_combination_of_kinds_can_be_named)
{
	for (unsigned set = 1; set < 1u << kinds_count; set++) {
		char text[256] = "[it]\nnamespaces =";
		int flags = 0;

		for (size_t i = 0; i < kinds_count; i++) {
			if (!(set & 1u << i))
				continue;
			strcat(strcat(text, flags ? ", " : " "), kinds[i].name);
			flags |= kinds[i].flag;
		}
		strcat(text, "\n");
		if (flags & (CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWCGROUP))
			flags |= CLONE_NEWNS;
		ck_assert_msg(policy_of(text, &alice).kinds == flags, "%s", text);
	}
	ck_assert_uint_eq(kinds_count, 7);
}
END_TEST

/* In whichever order the two stand, and wherever. */
START_TEST(private_brings_mount)
{
	static const char *const texts[] = {
		"[it]\nnamespaces = uts\ninaccessible = /srv\n",
		"[it]\nread_only = /srv\nnamespaces = uts\n",
		"[it]\nnamespaces = uts\nprivate = /tmp\n",
		"[it]\nprivate = /tmp\nnamespaces = uts\n",
		"[defaults]\nprivate = /tmp\n[it]\nnamespaces = uts\n",
		"[defaults]\nnamespaces = uts\n[it]\nprivate = /tmp\n",
	};

	for (int i = 0; i < ROWS(texts); i++)
		ck_assert_int_eq(policy_of(texts[i], &alice).kinds, CLONE_NEWUTS | CLONE_NEWNS);
}
END_TEST

START_TEST(id_is_the_logins_and_can_be_in_its_names)
{
	struct policy policy = policy_of("[it]\nhostname = %u-%i\ndomainname = %i.x\n", &alice);

	ck_assert_str_eq(policy.id, "00c0ffee");
	ck_assert_str_eq(policy.hostname, "alice-00c0ffee");
	ck_assert_str_eq(policy.domainname, "00c0ffee.x");
}
END_TEST

START_TEST(defaults_can_turn_isolation_round)
{
	static const char text[] = "[defaults]\nisolate = no\n"
				   "[some]\nuser = alice\nisolate = yes\n[rest]\n";
	struct given_login bob = alice;

	bob.user = "bob";
	ck_assert(policy_of(text, &alice).isolate);
	ck_assert(!policy_of(text, &bob).isolate);
	ck_assert_str_eq(policy_of(text, &bob).rule, "rest");
}
END_TEST

START_TEST(no_hostname_without_a_namespace_for_it)
{
	struct policy policy =
		policy_of("[it]\nnamespaces = pid\nhostname = x\ndomainname = y\n", &alice);

	ck_assert_int_eq(policy.kinds, CLONE_NEWPID | CLONE_NEWNS);
	ck_assert_str_eq(policy.hostname, "");
	ck_assert_str_eq(policy.domainname, "");
}
END_TEST

/* nsisolate-shell execs the rule's shell also where it isolates nothing. */
START_TEST(shell_counts_without_isolation_too)
{
	struct policy policy = policy_of("[it]\nisolate = no\nshell = /bin/zsh\n", &alice);

	ck_assert(!policy.isolate);
	ck_assert_str_eq(policy.shell, "/bin/zsh");
}
END_TEST

START_TEST(longest_shell_fits)
{
	char text[512] = "[it]\nshell = ";
	struct policy policy;

	memset(text + strlen(text), '/', POLICY_SHELL_MAX);
	policy = policy_of(text, &alice);
	ck_assert_uint_eq(strlen(policy.shell), POLICY_SHELL_MAX);
}
END_TEST

START_TEST(failure_of_a_template_is_an_error)
{
	struct rules *rules = given_rules("[it]\nhostname = %g\n");
	struct login login;
	struct policy policy;
	struct error error = {0};

	fill_login(&login, &alice);
	login.gid = 4711; /* not among the groups */
	ck_assert_int_lt(rules_match(rules, &login, &policy, &error), 0);
	ck_assert_ptr_nonnull(strstr(error.text, "alice"));
	login_free(&login);
	rules_free(rules);
}
END_TEST

/* ---- what is told ---- */

static char told[4096];

static void tell_matcher(void *data, const struct rules_matcher *matcher)
{
	size_t used = strlen(told);

	(void)data;
	snprintf(told + used, sizeof told - used, "%s %s:%u '%s' has %zu:%s %s%.*s\n",
		matcher->answer == TRUTH_YES ? "yes" : "no", matcher->key, matcher->place.line,
		matcher->list, matcher->count, matcher->values[0],
		!matcher->reason->pattern  ? "none"
		: matcher->reason->negated ? "!"
					   : "by ",
		(int)matcher->reason->length,
		matcher->reason->pattern ? matcher->reason->pattern : "");
}

static void tell_rule(void *data, const struct rules_place *place, enum truth answer)
{
	size_t used = strlen(told);

	(void)data;
	snprintf(told + used, sizeof told - used, "[%s]:%u %s\n", place->rule, place->line,
		answer == TRUTH_YES ? "won" : "refused");
}

static void tell_setting(void *data, const struct rules_setting *setting)
{
	size_t used = strlen(told);

	(void)data;
	snprintf(told + used, sizeof told - used, "%s = %s from %s:%u%s%s\n",
		settings[setting->id].name, setting->value ? setting->value : "-",
		setting->place.rule ? setting->place.rule : "built-in", setting->place.line,
		setting->preset ? " " : "", setting->preset ? setting->preset : "");
}

static const struct rules_listener listener = {tell_matcher, tell_rule, tell_setting, NULL};

static void explain(const char *text, const struct given_login *given)
{
	struct rules *rules = given_rules(text);
	struct login login;
	struct policy policy, again;
	struct error error = {0};

	fill_login(&login, given);
	*told = '\0';
	ck_assert_int_eq(rules_explain(rules, &login, &policy, &listener, &error), 0);
	again = match(rules, given);
	ck_assert_int_eq(memcmp(&policy, &again, sizeof policy), 0);
	login_free(&login);
	rules_free(rules);
}

START_TEST(explanation_names_every_rule_matcher_and_source)
{
	explain("[defaults]\n"
		"grace = 7\n"
		"[root]\n"
		"uid = 0\n"
		"user = *\n"
		"[staff]\n"
		"group = *, !staff\n"
		"[lab]\n"
		"from = 192.0.2.0/24\n"
		"uid = 1000-59999\n"
		"logout = linger\n"
		"[rest]\n",
		&alice);
	ck_assert_str_eq(told, "yes user:5 '*' has 1:alice by *\n"
			       "no uid:4 '0' has 1:5001 none\n"
			       "[root]:3 refused\n"
			       "no group:7 '*, !staff' has 2:staff !staff\n"
			       "[staff]:6 refused\n"
			       "yes uid:10 '1000-59999' has 1:5001 by 1000-59999\n"
			       "yes from:9 '192.0.2.0/24' has 1:192.0.2.7 by 192.0.2.0/24\n"
			       "[lab]:8 won\n"
			       "isolate = yes from built-in:0\n"
			       "privacy = processes from built-in:0\n"
			       "namespaces = uts, pid from built-in:0\n"
			       "network = host from built-in:0\n"
			       "scope = session from built-in:0\n"
			       "hostname = %u-%l from built-in:0\n"
			       "domainname = - from built-in:0\n"
			       "hosts = yes from built-in:0\n"
			       "private = - from built-in:0\n"
			       "private_size = 25% from built-in:0\n"
			       "inaccessible = - from built-in:0\n"
			       "read_only = - from built-in:0\n"
			       "user_manager = hide from built-in:0\n"
			       "shell = - from built-in:0\n"
			       "logout = linger from lab:11\n"
			       "linger_max = - from built-in:0\n"
			       "grace = 7 from defaults:2\n"
			       "on_error = deny from built-in:0\n");
}
END_TEST

START_TEST(explanation_names_the_preset)
{
	explain("[defaults]\nprivacy = strict\n[a]\nnetwork = host\n", &alice);
	ck_assert_ptr_nonnull(strstr(told, "\nprivacy = strict from defaults:2\n"
					   "namespaces = uts, pid, ipc, cgroup from defaults:2 "
					   "strict\nnetwork = host from a:4\n"));
	explain("[defaults]\nprivate = /tmp\n[a]\nprivacy = strict\n", &alice);
	ck_assert_ptr_nonnull(
		strstr(told, "\nprivate = /tmp, /var/tmp, /dev/shm from a:4 strict\n"));
}
END_TEST

START_TEST(explanation_of_no_match_has_no_settings)
{
	explain("[root]\nuid = 0\n", &alice);
	ck_assert_str_eq(told, "no uid:2 '0' has 1:5001 none\n[root]:1 refused\n");
}
END_TEST

/* ---- warnings ---- */

static const struct {
	const char *text;
	unsigned line, column;
	const char *piece; /* NULL: nothing is found */
} unreachable[] = {
	{"[a]\nuser = *\n[b]\nuid = 5\n", 3, 2, "[b] can never match: [a]"},
	{"[a]\n[b]\nuid = 5\n", 2, 2, "matches every login before it"},
	{"[a]\nuser = *\nuid = 0-4294967295\nfrom = *\n[b]\n", 5, 2, "can never match"},
	{"[a]\nuser = *, !eve\n[b]\n", 0, 0, NULL},
	{"[a]\nuser = ?*\n[b]\n", 0, 0, NULL},
	{"[a]\nuid = 0-60000\n[b]\n", 0, 0, NULL},
	{"[a]\nuser = *\nuid = 5\n[b]\n", 0, 0, NULL},
	{"[a]\nuid = 5\n[b]\n[defaults]\ngrace = 1\n", 0, 0, NULL},
};

START_TEST(rule_behind_one_that_matches_all_is_warned_about)
{
	const char *text = unreachable[_i].text;
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;

	ck_assert_int_eq(rules_load(given_bytes(text, strlen(text)), &rules, &diagnostics), 0);
	if (unreachable[_i].piece)
		want_diagnostic(&diagnostics, unreachable[_i].line, unreachable[_i].column,
			unreachable[_i].piece);
	ck_assert_uint_eq(diagnostics.count, unreachable[_i].piece ? 1 : 0);
	ck_assert_uint_eq(diagnostics.errors, 0);
	rules_free(rules);
	diagnostics_free(&diagnostics);
}
END_TEST

/* Accounts that every machine has (root), and that none has (no-such-...). */
static const struct {
	const char *text;
	unsigned line, column;
	const char *piece;
} lints[] = {
	{"[a]\nuser = root\ngroup = root\nshell = /bin/sh\n", 0, 0, NULL},
	{"[a]\nuser = no-such-user\n", 2, 8, "there is no user 'no-such-user' here"},
	{"[a]\nuser = root, !no-such-user\n", 2, 15, "there is no user 'no-such-user' here"},
	{"[a]\nuser = no-such-*\n", 0, 0, NULL},
	{"[a]\ngroup = root, no-such-group\n", 2, 15, "there is no group 'no-such-group' here"},
	{"[a]\ngroup = no-such-?\n", 0, 0, NULL},
	{"[a]\nuid = 4294967290\n", 0, 0, NULL},
	{"[a]\nshell = /no/such/shell\n", 2, 9, "there is no such file"},
	{"[a]\nshell = /etc/passwd\n", 2, 9, "not an executable file"},
	{"[a]\nshell = /etc\n", 2, 9, "not an executable file"},
	{"[defaults]\nshell = /no/such/shell\n[a]\n", 2, 9, "there is no such file"},
	{"[a]\nnamespaces = pid\nhostname = %l\n", 3, 1, "namespaces does not name uts"},
	{"[a]\nnamespaces = pid\ndomainname = x\n", 3, 1, "namespaces does not name uts"},
	{"[defaults]\nnamespaces = pid\n[a]\nhostname = %l\n", 4, 1, "does not name uts"},
	{"[defaults]\nhostname = %l\n[a]\nnamespaces = pid\n", 0, 0, NULL},
	{"[a]\nnamespaces = uts\nhostname = %H\n", 0, 0, NULL},
	{"[a]\nnamespaces = uts\n", 2, 14, "cannot be looked up in the session"},
	{"[defaults]\nnamespaces = uts\n[a]\n", 3, 2, "cannot be looked up in the session"},
	{"[a]\nnamespaces = uts\nhosts = no\n", 0, 0, NULL},
	{"[a]\nnamespaces = uts, mount\n", 0, 0, NULL},
	{"[a]\nhostname = %u\n", 2, 12, "has neither %l nor %H"},
	{"[defaults]\nhostname = kiosk\n[a]\n", 2, 12, "has neither %l nor %H"},
	{"[a]\nhostname = %u.%H\n", 2, 12, "has neither %l nor %H"},
	{"[a]\nhostname = %%l\n", 2, 12, "has neither %l nor %H"},
	{"[a]\nhostname = x-%l.%u\n", 0, 0, NULL},
	{"[a]\nhostname = %%%l\n", 0, 0, NULL},
	{"[a]\nnamespaces = uts\nhosts = no\nuser_manager = hide\n", 4, 1, "neither pid nor mount"},
	{"[a]\nnamespaces = ipc\nuser_manager = hide\n", 0, 0, NULL},
	{"[a]\nnamespaces = uts\nprivate = /tmp\nuser_manager = hide\n", 0, 0, NULL},
	{"[defaults]\nuser_manager = off\n[a]\nservice = nsisolate-shell\nuser_manager = hide\n", 0,
		0, NULL},
	{"[a]\nservice = nsisolate-shell\nuser_manager = off\nisolate = no\n", 3, 1,
		"the rule says isolate = no"},
	{"[a]\nnamespaces = uts, ipc\nlogout = kill\n", 3, 1, "does not name pid"},
	{"[a]\nnamespaces = uts, ipc\ngrace = 1\n", 3, 1, "does not name pid"},
	{"[a]\nprivate_size = 1M\n", 2, 1, "there is no `private`"},
	{"[a]\ninaccessible = /etc, /no/such\n", 2, 22, "there is nothing here"},
	{"[defaults]\nread_only = /etc/no-such\n[a]\n", 2, 13, "there is nothing here"},
	{"[a]\nread_only = /etc, /usr/share\ninaccessible = /etc/passwd\n", 0, 0, NULL},
	{"[a]\nlinger_max = 1h\n", 2, 1, "logout is kill"},
	{"[a]\nscope = session\n", 0, 0, NULL},
	{"[defaults]\nhostname = %H\n[a]\nscope = session\n", 4, 9,
		"locks that name both do not hold"},
	{"[a]\nscope = session\nhostname = %u-%l-%%i\n", 0, 0, NULL},
	{"[a]\nscope = session\nhostname = %l.%%i\n", 2, 9, "locks that name both"},
	{"[a]\nscope = session\nnamespaces = pid\n", 2, 9, "locks that name both"},
	{"[a]\nscope = session\nhostname = %u-%l-%i\n", 0, 0, NULL},
	{"[defaults]\nhostname = %l-%i\n[a]\nscope = session\n", 0, 0, NULL},
	{"[a]\nscope = session\nnamespaces = ipc\n", 0, 0, NULL},
	{"[a]\nscope = user\n", 0, 0, NULL},
	{"[a]\nscope = session\nisolate = no\n", 2, 1, "the rule says isolate = no"},
	{"[a]\nlinger_max = 1h\nlogout = linger\n", 0, 0, NULL},
	{"[defaults]\nlogout = linger\n[a]\nlinger_max = 1h\n", 0, 0, NULL},
	{"[defaults]\nlinger_max = 1h\n[a]\n[b]\nlogout = linger\n", 0, 0, NULL},
	{"[defaults]\nlogout = linger\n[a]\nnamespaces = ipc\nlinger_max = 1h\n", 5, 1,
		"does not name pid"},
	{"[defaults]\nprivate = /tmp\n[a]\nprivate_size = 1M\n", 0, 0, NULL},
	{"[a]\nisolate = no\nprivate = /tmp\n", 3, 1, "the rule says isolate = no"},
	{"[a]\nisolate = no\ngrace = 5\n", 3, 1, "the rule says isolate = no"},
	{"[a]\nisolate = NO\nhosts = no\n", 3, 1, "the rule says isolate = no"},
	{"[a]\nisolate = no\nshell = /bin/sh\n", 0, 0, NULL},
	{"[defaults]\ngrace = 5\n[a]\nisolate = no\n", 0, 0, NULL},
	{"[a]\nuid = 5\n[b]\nuid = 5\nservice = x*\n", 3, 2, "[b] can never match: [a] at "},
	{"[a]\nuid = 5\nservice = *\n[b]\nuid = 5\n", 4, 2, "can never match"},
	{"[a]\nuid = 5\nservice = x*\n[b]\nuid = 5\n", 0, 0, NULL},
	{"[a]\nuid = 5\n[b]\nuid = 6\n", 0, 0, NULL},
	/* words that no login has */
	{"[a]\nuid = 1-9\nservice = nsisolate-shell\xc2\xa0 \n", 3, 26, "U+00A0 (no-break space)"},
	{"[a]\nuid = 1-9\nservice = \xc2\xa0*\n", 3, 11, "U+00A0 (no-break space)"},
	{"[a]\nuid = 1-9\nservice = nsisolate-shell\xa0\n", 3, 26,
		"the byte 0xA0, which is not UTF-8 (in ISO 8859-1 a no-break space)"},
	{"[a]\nuser = \xe2\x80\x9c*\xe2\x80\x9d\n", 2, 8, "U+201C (left double quotation mark)"},
	{"[a]\nuser = *\xe2\x80\x99\n", 2, 9, "U+2019 (right single quotation mark)"},
	{"[a]\ngroup = x*\xef\xbc\x8cy*\n", 2, 11, "U+FF0C (fullwidth form)"},
	{"[a]\nservice = \xd1\x95\xd1\x95hd*\n", 2, 11, "U+0455"},
	{"[a]\ntty = pts*\xe2\x80\x8b\n", 2, 11, "U+200B (zero width space)"},
	{"[a]\nuser = m\xc3\xbcller*\n", 0, 0, NULL},
	{"[a]\nuid = 1 # a \xe2\x80\x9cword\xe2\x80\x9d in a comment\n", 0, 0, NULL},
	{"[a]\nservice = NSISOLATE-shell\n", 2, 11, "write 'nsisolate-shell'"},
	{"[a]\nservice = *, !SU*\n", 2, 15, "write 'su*'"},
	{"[a]\nservice = \"sshd;login\"\n", 2, 12, "words of a list are separated by commas"},
	{"[a]\nservice = nsisolate-shell ;login\n", 2, 27, "'login' does not count"},
	{"[a]\nservice = nsisolate-shell ; a word\n", 0, 0, NULL},
	{"[a]\nservice = systemd-user, x*\n", 2, 11, "is never isolated"},
	{"[a]\nservice = *, !systemd-user*\n", 0, 0, NULL},
	{"[a]\ntty = /dev/tty1\n", 2, 7, "without /dev/: write 'tty1'"},
	{"[a]\ntty = *, !/dev/pts/*\n", 2, 11, "without /dev/: write 'pts/*'"},
	{"[a]\ntty = TTY1\n", 2, 7, "lower case"},
	{"[a]\ntty = ttyS0, pts/*\n", 0, 0, NULL},
	{"[a]\nservice = nsisolate-shell, no-such-service\n", 2, 28,
		"there is no PAM stack 'no-such-service' here"},
	{"[a]\nservice = *, !no-such-service\n", 2, 15, "there is no PAM stack"},
	{"[a]\nservice = nsisolate-shell, gdm-password, crond, cron\n", 0, 0, NULL},
};

START_TEST(lint_warns_where_something_is_most_likely_wrong)
{
	struct rules *rules = given_rules(lints[_i].text);
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	/* an error more, on an older kernel */
	bool lacking = strstr(lints[_i].text, "read_only =") && !closed_paths_have_read_only();

	rules_lint(rules, true, &diagnostics);
	if (lints[_i].piece)
		want_diagnostic(&diagnostics, lints[_i].line, lints[_i].column, lints[_i].piece);
	else
		diagnostics_print(&diagnostics, stderr);
	ck_assert_uint_eq(diagnostics.count, (lints[_i].piece ? 1 : 0) + lacking);
	ck_assert_uint_eq(diagnostics.errors, lacking);
	rules_free(rules);
	diagnostics_free(&diagnostics);
}
END_TEST

/* Whether this machine's logind knows the class: tests/login/test_user_manager.sh. */
START_TEST(lint_says_that_nsisolate_shell_cannot_keep_a_manager_off)
{
	static const struct {
		const char *text, *piece;
		unsigned line;
	} errors[] = {
		{"[a]\nservice = nsisolate-shell\nuser_manager = off\n", "say user_manager = hide",
			3},
		{"[defaults]\nuser_manager = off\n[a]\nservice = x*, nsisolate-shell\n",
			"which [a] names", 2},
	};

	for (size_t i = 0; i < ROWS(errors); i++) {
		struct rules *rules = given_rules(errors[i].text);
		struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;

		rules_lint(rules, true, &diagnostics);
		want_diagnostic(&diagnostics, errors[i].line, 16, errors[i].piece);
		ck_assert_uint_eq(diagnostics.errors, 1);
		rules_free(rules);
		diagnostics_free(&diagnostics);
	}
}
END_TEST

/* ---- properties ---- */

/* A rule of random matchers over a small world, and what it must give by the definition. */
START_TEST(random_rules_match_by_their_definition)
{
	static const char *const users[] = {"u0", "u1", "u2"};
	static const char *const lists[] = {"u0", "u1, u2", "*, !u0", "u?", "!u1, *", "x"};
	static const bool hits[ROWS(lists)][ROWS(users)] = {
		{1, 0, 0}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 0, 1}, {0, 0, 0}};

	srandom(5);
	for (int round = 0; round < 300; round++) {
		char text[4096] = "";
		int chosen[8], uids[8], count = 1 + (int)(random() % 8);
		struct rules *rules;

		for (int i = 0; i < count; i++) {
			chosen[i] = (int)(random() % ROWS(lists));
			uids[i] = (int)(random() % 4);
			snprintf(text + strlen(text), sizeof text - strlen(text),
				"[r%d]\nuser = %s\nuid = %d-9\n", i, lists[chosen[i]], uids[i]);
		}
		rules = given_rules(text);
		for (int user = 0; user < ROWS(users); user++)
			for (uid_t uid = 0; uid < 4; uid++) {
				struct given_login given = {users[user], uid, "g", "s", NULL, NULL};
				char wanted[16] = "";

				for (int i = 0; i < count && !*wanted; i++)
					if (hits[chosen[i]][user] && (int)uid >= uids[i])
						snprintf(wanted, sizeof wanted, "r%d", i);
				ck_assert_msg(!strcmp(match(rules, &given).rule, wanted),
					"%s for %s, %u: wanted '%s'", text, users[user], uid,
					wanted);
			}
		rules_free(rules);
	}
}
END_TEST

/* Whatever the bytes are: either rules that can be matched, or an error with a place. */
START_TEST(random_text_is_read_or_refused)
{
	static const char *const pieces[] = {"[", "]", "a", "b", "\n", "\n", "\n", "=", " = ",
		"user", "uid", "hostname", "isolate", "no", "#", ";", "\"", "'", "\\", "%u", "%",
		"*", "!", ",", ", ", "5", "5-9", "\t", " ", "\r", "\xff", "[defaults]\n", "[r]\n",
		"from", "10.0.0.0/8", "::1", "\x01", "namespaces = uts\n"};
	size_t refused = 0, read = 0;

	srandom(6);
	for (int round = 0; round < 10000; round++) {
		char text[1024] = "";
		struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
		struct rules *rules;
		const char *path;

		for (long n = random() % 30; n >= 0; n--)
			strcat(text, pieces[random() % ROWS(pieces)]);
		path = given_bytes(text, strlen(text));
		if (rules_load(path, &rules, &diagnostics) == 0) {
			read++;
			ck_assert_uint_eq(diagnostics.errors, 0);
			match(rules, &alice);
		} else {
			refused++;
			ck_assert_ptr_null(rules);
			ck_assert_uint_gt(diagnostics.errors, 0);
			/* iniparser and the strict reading never disagree */
			ck_assert_msg(
				!find_diagnostic(&diagnostics, 0, 0, "iniparser"), "%s", text);
		}
		rules_free(rules);
		diagnostics_free(&diagnostics);
		close(atoi(strrchr(path, '/') + 1));
	}
	ck_assert_uint_gt(read, 100);
	ck_assert_uint_gt(refused, 100);
}
END_TEST

static Suite *rules_suite(void)
{
	Suite *suite = suite_create("rules");
	TCase *tcase = tcase_create("rules");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, matchers_are_joined_by_and, 0, ROWS(matcher_rows));
	tcase_add_loop_test(tcase, tty_is_named_without_dev, 0, ROWS(ttys));
	tcase_add_test(tcase, what_is_not_known_is_empty);
	tcase_add_loop_test(tcase, manager_of_services_is_never_isolated, 0, ROWS(managers));
	tcase_add_loop_test(tcase, first_rule_that_matches_wins, 0, ROWS(wins));
	tcase_add_loop_test(tcase, shipped_file_does_what_it_says, 0, ROWS(shipped));
	tcase_add_test(tcase, builtin_values_are_those_of_the_contract);
	tcase_add_test(tcase, every_setting_can_be_set);
	tcase_add_test(tcase, privacy_is_a_preset_of_other_settings);
	tcase_add_test(tcase, a_network_can_be_told_by_either_word);
	tcase_add_test(tcase, defaults_count_for_all_rules_wherever_they_stand);
	tcase_add_test(tcase, any_combination_of_kinds_can_be_named);
	tcase_add_test(tcase, private_brings_mount);
	tcase_add_test(tcase, id_is_the_logins_and_can_be_in_its_names);
	tcase_add_test(tcase, defaults_can_turn_isolation_round);
	tcase_add_test(tcase, no_hostname_without_a_namespace_for_it);
	tcase_add_test(tcase, shell_counts_without_isolation_too);
	tcase_add_test(tcase, longest_shell_fits);
	tcase_add_test(tcase, failure_of_a_template_is_an_error);
	tcase_add_test(tcase, explanation_names_every_rule_matcher_and_source);
	tcase_add_test(tcase, explanation_names_the_preset);
	tcase_add_test(tcase, explanation_of_no_match_has_no_settings);
	tcase_add_loop_test(
		tcase, rule_behind_one_that_matches_all_is_warned_about, 0, ROWS(unreachable));
	tcase_add_test(tcase, lint_says_that_nsisolate_shell_cannot_keep_a_manager_off);
	tcase_add_loop_test(tcase, lint_warns_where_something_is_most_likely_wrong, 0, ROWS(lints));
	tcase_add_test(tcase, random_rules_match_by_their_definition);
	tcase_add_test(tcase, random_text_is_read_or_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(rules_suite)
