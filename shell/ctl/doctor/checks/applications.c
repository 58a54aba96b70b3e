/*
 * Applications that a rule isolates in vain: our sessions need one process per login, which forks
 * after opening the session, and these work differently.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/rules/pattern.h"
#include "shell/ctl/doctor/doctor.h"

/* since 2.2 it does not by default; when it does, it is in a separate thread */
#define JUPYTERHUB                                                                               \
	"JupyterHub opens no session, or ignores that it is refused one: what it starts is not " \
	"isolated"

static const struct application {
	const char *service; /* the name of its PAM stack */
	const char *program; /* its presence shows that it is installed; NULL: its stack does */
	const char *why;
} applications[] = {
	{"cockpit", NULL,
		"cockpit-session needs its own /proc after opening the session, and exits "
		"without it: no user whom a rule isolates gets in"},
	{"dovecot", NULL,
		"dovecot opens no session, or with session=yes closes it at once: nothing is "
		"isolated"},
	{"samba", NULL, "smbd closes a session as soon as it is open: nothing is isolated"},
	{"login", "/usr/bin/jupyterhub", JUPYTERHUB},
	{"login", "/usr/local/bin/jupyterhub", JUPYTERHUB},
	{"login", "/opt/tljh/hub/bin/jupyterhub", JUPYTERHUB},
};

/* Display managers, except their own greeters, where nobody has logged in. */
static bool is_graphical(const char *service)
{
	static const char patterns[] = "gdm, gdm-*, sddm, sddm-*, lightdm, lightdm-*, xrdp-sesman, "
				       "xdm, lxdm, wdm, slim, ly, greetd, !*-greeter, "
				       "!*-launch-environment";

	return pattern_match(patterns, PATTERN_WORD, &service, 1, NULL);
}

/* The shipped rules name none: what the user manager starts for a desktop is outside anyway. */
static void check_graphical(struct doctor *doctor)
{
	struct rules_summary summary;
	char list[256] = "";

	for (size_t i = 0; i < doctor->facts->stacks.count; i++) {
		const struct stack *stack = &doctor->facts->stacks.list[i];
		size_t used = strlen(list);

		if (!stack->fragment && is_graphical(stack->service) &&
			doctor_rules(doctor->facts, stack->service) &&
			!doctor_rule_for(doctor->facts, stack->service, &summary))
			snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
				stack->service);
	}
	if (!*list)
		return;
	doctor_add(doctor, VERDICT_WARNING, "graphical logins", "no rule isolates these: %s", list);
	doctor_remedy(doctor, "# see nsisolate(7), Graphical logins");
}

void doctor_check_applications(struct doctor *doctor)
{
	struct rules_summary summary;

	check_graphical(doctor);
	for (size_t i = 0; i < ARRAY_SIZE(applications); i++) {
		const struct application *application = &applications[i];
		const struct stack *stack =
			stacks_find(&doctor->facts->stacks, application->service);

		if (!stack || !stack_has_module(stack) ||
			(application->program && access(application->program, X_OK) < 0) ||
			!doctor_rule_for(doctor->facts, application->service, &summary))
			continue;
		doctor_add(doctor, VERDICT_WARNING,
			application->program ? application->program : application->service, "%s",
			application->why);
		doctor_remedy(doctor, "nsisolatectl edit   # see nsisolate(7), Which applications");
	}
}
