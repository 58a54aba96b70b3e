/* Unprivileged user namespaces, which nsisolate-shell depends on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/kinds.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/facts/sysctl.h"
#include "shell/ctl/doctor/run_bounded.h"

#define SUBJECT "user namespaces"
#define APPARMOR "kernel.apparmor_restrict_unprivileged_userns"
#define PROFILE "/etc/apparmor.d/nsisolate"
#define SHIPPED "/usr/share/nsisolate/apparmor/nsisolate"
#define PROFILES "/sys/kernel/security/apparmor/profiles"
#define FEW 256

/* Whether AppArmor has our profiles loaded: 1, 0, or a negative errno. */
static int has_profile(void)
{
	char line[512];
	FILE *file = fopen(PROFILES, "re");
	int found = 0;

	if (!file)
		return -errno;
	while (!found && fgets(line, sizeof line, file))
		found = !strncmp(line, "nsisolate-init ", strlen("nsisolate-init "));
	fclose(file);
	return found;
}

static void check_apparmor(struct doctor *doctor)
{
	long long value;
	int result = sysctl_read(APPARMOR, &value), found;

	if (result == -ENOENT)
		return; /* this kernel does not have it */
	if (result < 0) {
		doctor_add(doctor, VERDICT_UNSEEN, "AppArmor", APPARMOR " cannot be read: %s",
			strerror(-result));
		return;
	}
	if (!value) {
		doctor_add(doctor, VERDICT_OK, "AppArmor", APPARMOR " = 0");
		return;
	}
	found = has_profile();
	if (found > 0) {
		doctor_add(doctor, VERDICT_WARNING, "AppArmor",
			APPARMOR
			" = 1, and our profile is loaded: users who may run nsisolate-init get "
			"around it");
		doctor_remedy(doctor,
			"dpkg-statoverride --update --add root GROUP 750 " NSISOLATE_INIT
			"   # if not done yet: for one group only");
	} else if (found < 0 && access(PROFILE, F_OK) == 0) {
		doctor_add(doctor, VERDICT_UNSEEN, "AppArmor",
			APPARMOR " = 1, and only root can see whether " PROFILE " is loaded");
	} else {
		doctor_add(doctor, VERDICT_PROBLEM, "AppArmor",
			APPARMOR
			" = 1, and our profile, which permits them to nsisolate-shell, is not "
			"loaded");
		if (access(PROFILE, F_OK) == 0)
			doctor_remedy(doctor, "apparmor_parser -r " PROFILE);
		else
			doctor_remedy(doctor,
				"install -m 644 %s " PROFILE " && apparmor_parser -r " PROFILE
				"   # it says what this permits",
				access(SHIPPED, F_OK) == 0 ? SHIPPED
							   : "packaging/apparmor/nsisolate");
	}
}

static void check_switch(struct doctor *doctor, const char *name, const char *good, const char *who)
{
	long long value;
	int result = sysctl_read(name, &value);

	if (result == -ENOENT)
		return;
	if (result < 0)
		doctor_add(doctor, VERDICT_UNSEEN, name, "cannot be read: %s", strerror(-result));
	else if (!value)
		doctor_add(doctor, VERDICT_PROBLEM, name, "0: no user can have one%s", who);
	else if (!strcmp(name, kind_user.limit) && value < FEW)
		doctor_add(doctor, VERDICT_WARNING, name,
			"%lld: no user can have more sessions than that", value);
	else
		doctor_add(doctor, VERDICT_OK, name, "%lld", value);
	if (result == 0 && (!value || (!strcmp(name, kind_user.limit) && value < FEW)))
		sysctl_remedy(doctor, name, good);
}

/* Runs the engine as nsisolate-shell would for this policy. */
static void try_engine(struct doctor *doctor, const struct policy *policy,
	const struct run_user *user, const char *name)
{
	static struct run_result result;
	struct policy session = *policy;
	struct policy_argv options;
	char *argv[POLICY_OPTIONS_MAX + 8], *none[] = {NULL};
	int count = 0;

	/* logins must not find this one and join it */
	session.scope = SCOPE_SESSION;
	session.on_error = ON_ERROR_DENY;
	policy_to_argv(&session, &options);
	argv[count++] = (char *)NSISOLATE_INIT;
	argv[count++] = (char *)"--user";
	for (int i = 0; i < options.count; i++)
		argv[count++] = options.option[i];
	argv[count++] = (char *)"--";
	argv[count++] = (char *)"/bin/sh";
	argv[count++] = (char *)"-c";
	argv[count++] = (char *)":";
	argv[count] = NULL;
	run_program(argv, none, user, &result);
	if (result.status == 0) {
		doctor_add(doctor, VERDICT_OK, SUBJECT, "tried for %s, by the rule [%s]: it works",
			name, policy->rule);
		return;
	}
	doctor_add(doctor, VERDICT_PROBLEM, SUBJECT, "tried for %s, by the rule [%s]: %s", name,
		policy->rule, *result.err ? result.err : "it fails without a message");
	doctor_remedy(
		doctor, "# fix what is reported above and below; a login of %s shows it", name);
}

/*
 * Once per rule: for its first user, in a process of an unused uid; for an ordinary caller, in one
 * of the caller's.
 */
static void try_people(struct doctor *doctor)
{
	const struct people *people = &doctor->facts->people;
	bool tried = false, wanted = false;
	struct run_user stranger;

	if (doctor->facts->root && !run_find_stranger(&stranger)) {
		doctor_add(doctor, VERDICT_UNSEEN, SUBJECT,
			"no uid is unused, and a user's own process can claim anything: "
			"a user of nsisolate-shell can run doctor to try it");
		return;
	}
	for (size_t i = 0; i < people->count; i++) {
		const struct person *person = &people->list[i];
		const struct login *login = &person->login;
		bool again = false;

		wanted |= person->by_shell;
		if (!person->by_shell || (!doctor->facts->root && login->uid != geteuid()))
			continue;
		for (size_t j = 0; j < i; j++)
			again |= people->list[j].by_shell &&
				 !strcmp(people->list[j].policy.rule, person->policy.rule);
		if (!again || !doctor->facts->root)
			try_engine(doctor, &person->policy, doctor->facts->root ? &stranger : NULL,
				login->user);
		tried = true;
	}
	if (wanted && !tried)
		doctor_add(doctor, VERDICT_UNSEEN, SUBJECT,
			"only root and users of nsisolate-shell can try what the kernel "
			"allows");
}

void doctor_check_user_namespaces(struct doctor *doctor)
{
	if (!doctor->facts->shell_used) {
		doctor_add(doctor, VERDICT_OK, SUBJECT,
			"not needed: no known user comes in by nsisolate-shell");
		return;
	}
	if (access("/proc/self/ns/user", F_OK) < 0) {
		doctor_add(doctor, VERDICT_PROBLEM, SUBJECT, "this kernel was built without them");
		doctor_remedy(doctor, "# use the PAM module, or a kernel that has CONFIG_USER_NS");
		return;
	}
	check_switch(doctor, kind_user.limit, "65536", "");
	check_switch(doctor, "kernel.unprivileged_userns_clone", "1", " except root");
	check_apparmor(doctor);
	try_people(doctor);
}
