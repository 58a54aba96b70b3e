/*
 * The session's hostname as seen by sudo, which authorizes by it, and by the C library, which
 * resolves it.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/sched.h>

#include "conf/common/array.h"
#include "conf/login/name_service.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/run_bounded.h"

#define SUBJECT "sudo"
#define SUDOERS "/etc/sudoers"

static const char *find_program(const char *name, char path[64])
{
	static const char *const directories[] = {
		"/usr/bin", "/usr/sbin", "/bin", "/usr/local/bin", "/usr/local/sbin"};

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		snprintf(path, 64, "%s/%s", directories[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* Whether a session of this rule has a hostname other than the machine's. */
static bool renames(const struct rules_summary *summary)
{
	struct utsname own;

	return summary->policy.isolate && (summary->policy.kinds & CLONE_NEWUTS) &&
	       strcmp(summary->hostname, "%H") != 0 &&
	       !(uname(&own) == 0 && !strcasecmp(summary->hostname, own.nodename));
}

/*
 * The first such rule for logins through the module.  In a session of nsisolate-shell sudo cannot
 * grant anything: root does not exist there.
 */
static bool find_renaming(const struct doctor *doctor, struct rules_summary *summary)
{
	for (size_t i = 0; i < doctor->facts->stacks.count; i++) {
		const struct stack *stack = &doctor->facts->stacks.list[i];
		const char *service = stack->service;
		const struct rules *rules = doctor_rules(doctor->facts, service);

		if (stack->fragment || !rules || !stack_has_module(stack) ||
			rules_never_isolate(service))
			continue;
		for (size_t rule = 0; rule < rules_count(rules); rule++) {
			rules_summarize(rules, rule, summary);
			if (renames(summary) &&
				(!summary->service || pattern_match(summary->service, PATTERN_WORD,
							      &service, 1, NULL)))
				return true;
		}
	}
	return false;
}

/* Where @name occurs in the list; NULL: nowhere. */
static const char *find_service(const char *services, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = services; (at = strstr(at, name)); at += length)
		if ((at == services || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return at;
	return NULL;
}

/* Has cvtsudoers convert sudoers; returns false, after adding a finding, where that fails. */
static bool convert(struct doctor *doctor, char *const *argv, struct run_result *result)
{
	run_program(argv, (char *[]){"LC_ALL=C", NULL}, NULL, result);
	if (result->status == 0 && strlen(result->out) < sizeof result->out - 1)
		return true;
	doctor_add(doctor, VERDICT_UNSEEN, SUBJECT, "whether " SUDOERS " names hosts: %s: %s",
		argv[0], result->status == 0 ? "its output is too long" : result->err);
	return false;
}

/* An address or a network is compared with the machine's interfaces: hostnames do not matter. */
static bool is_address(const char *host)
{
	host += *host == '!';
	return strchr(host, ':') || !host[strspn(host, "0123456789./")];
}

/* The first host in LDIF @text that is a name, or NULL; cuts the line that it is in. */
static const char *find_host(char *text)
{
	static const char attribute[] = "sudoHost: ";

	for (char *line; (line = strsep(&text, "\n"));) {
		const char *host = line + sizeof attribute - 1;

		if (!strncmp(line, attribute, sizeof attribute - 1) && strcmp(host, "ALL") != 0 &&
			!is_address(host))
			return host;
	}
	return NULL;
}

static void report(struct doctor *doctor, const struct rules_summary *rule, const char *where,
	const char *what)
{
	doctor_add(doctor, VERDICT_PROBLEM, SUBJECT,
		"%s %.100s, but in a session sudo sees the hostname that [%s] "
		"sets: rules for this host do not apply there, and rules for another may",
		where, what, rule->place.rule);
	doctor_remedy(doctor,
		"nsisolatectl edit   # in [%s], or a rule before it for users of sudo: hostname = "
		"%%H",
		rule->place.rule);
}

static void check_sudo(struct doctor *doctor)
{
	static const char *const servers[] = {"sss", "ldap"};
	char program[64], services[128];
	struct rules_summary rule;
	struct run_result result;
	const char *host;

	if (!find_program("sudo", program) || !find_renaming(doctor, &rule))
		return;
	nss_services("sudoers", services, sizeof services);
	for (size_t i = 0; i < ARRAY_SIZE(servers); i++)
		if (find_service(services, servers[i])) {
			report(doctor, &rule, "nsswitch.conf has sudoers from", servers[i]);
			return;
		}
	if (!doctor->facts->root || !find_program("cvtsudoers", program)) {
		doctor_add(doctor, VERDICT_UNSEEN, SUBJECT, "whether " SUDOERS " names hosts: %s",
			doctor->facts->root ? "there is no cvtsudoers" : "only root reads it");
		return;
	}
	if (!convert(doctor,
		    (char *[]){program, "-e", "-f", "LDIF", "-b", "dc=sudoers", "-s", "defaults",
			    SUDOERS, NULL},
		    &result))
		return;
	host = find_host(result.out);
	if (host) {
		report(doctor, &rule, SUDOERS " has rules by host, as for", host);
		return;
	}
	if (!convert(doctor,
		    (char *[]){program, "-f", "sudoers", "-d", "host", "-s", "aliases,privileges",
			    SUDOERS, NULL},
		    &result))
		return;
	if (strstr(result.out, "Defaults@")) {
		result.out[strcspn(result.out, "\n")] = '\0';
		report(doctor, &rule, SUDOERS " has", result.out);
		return;
	}
	doctor_add(doctor, VERDICT_OK, SUBJECT, SUDOERS " names no host");
}

/* ---- looking up the hostname ---- */

#define NSCD_CONF "/etc/nscd.conf"

/* Whether some rule has a hostname that must be found in the session's /etc/hosts. */
static bool needs_lookup(const struct doctor *doctor)
{
	struct rules_summary rule;

	for (size_t cursor = 0; doctor_next_rule(doctor->facts, &cursor, &rule);)
		if (renames(&rule) && rule.policy.hosts && (rule.policy.kinds & CLONE_NEWNS))
			return true;
	return false;
}

/*
 * A file that is replaced on the host shows through in every session; myhostname goes by uname(2).
 */
static void check_services(struct doctor *doctor)
{
	static const char *const ahead_of[] = {"dns", "resolve"};
	char services[256];
	const char *own, *other;
	bool first;

	nss_services("hosts", services, sizeof services);
	if (!*services)
		return; /* no such file, or the C library does not read it */
	own = find_service(services, "myhostname");
	first = own != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(ahead_of); i++) {
		other = find_service(services, ahead_of[i]);
		first &= !other || own < other;
	}
	if (first) {
		doctor_add(doctor, VERDICT_OK, "hosts", "myhostname knows the session's own name");
		return;
	}
	doctor_add(doctor, VERDICT_WARNING, "hosts",
		"replacing /etc/hosts removes the session's own name from every session: "
		"nsswitch.conf has no myhostname%s",
		own ? " before services that ask the network" : "");
	doctor_remedy(doctor, "# in nsswitch.conf(5), hosts: files myhostname dns; and install "
			      "libnss-myhostname");
}

/* Whether nscd runs, and caches @database. */
static bool nscd_caches(const char *database)
{
	FILE *file = access("/run/nscd/socket", F_OK) == 0 ? fopen(NSCD_CONF, "re") : NULL;
	char line[256], name[16], value[8];
	bool caches = false;

	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, " enable-cache %15s %7s", name, value) == 2 &&
			!strcmp(name, database))
			caches = !strcmp(value, "yes");
	if (file)
		fclose(file);
	return caches;
}

static void check_nscd(struct doctor *doctor, bool lookup)
{
	char service[64];

	if (lookup && nscd_caches("hosts")) {
		doctor_add(doctor, VERDICT_WARNING, "nscd",
			"caches hosts, and resolves them on the host, which does not know a "
			"session's name");
		doctor_remedy(doctor, "# in nscd.conf(5): enable-cache hosts no; and restart nscd");
	}
	if (doctor_groups_matter(doctor->facts) && nscd_caches("group") &&
		people_find_unlisted("group", service, sizeof service)) {
		doctor_add(doctor, VERDICT_WARNING, "nscd",
			"caches groups: while the service %s of nsswitch.conf fails, it says that "
			"the groups do not exist, and a rule that excludes one can match its "
			"members",
			service);
		doctor_remedy(doctor, "# in nscd.conf(5): enable-cache group no; and restart nscd");
	}
}

void doctor_check_names(struct doctor *doctor)
{
	bool lookup = needs_lookup(doctor);

	check_sudo(doctor);
	if (lookup)
		check_services(doctor);
	check_nscd(doctor, lookup);
}
