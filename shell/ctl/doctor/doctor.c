/*
 * nsisolatectl doctor - whether this machine isolates the logins that its rules want isolated, and
 * what bypasses that.
 */
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "shell/ctl/command.h"
#include "shell/ctl/session/sessions.h"

enum status { STATUS_HEALTHY, STATUS_PROBLEM };

static void (*const checks[])(struct doctor *doctor) = {
	doctor_check_config,
	doctor_check_kernel,
	doctor_check_pam,
	doctor_check_applications,
	doctor_check_sshd,
	doctor_check_shell,
	doctor_check_user_namespaces,
	doctor_check_files,
	doctor_check_doors,
	doctor_check_managers,
	doctor_check_records,
	doctor_check_procs,
	doctor_check_names,
	doctor_check_network,
	doctor_check_logins,
	doctor_check_outside,
};

/* Gathers everything that more than one check examines. */
static bool gather(struct facts *facts)
{
	facts->root = geteuid() == 0;
	/* where it sees the session's processes, mounts and limits */
	facts->inside = sessions_hold_us();
	/* before any account is looked up: a service that hangs is then left out */
	facts->names = name_services_ask(&facts->services);
	if (!stacks_read(&facts->stacks) || !doctor_read_configurations(facts))
		return false;
	people_read(facts);
	doctor_ask_sshd(facts);
	return !facts->lost;
}

static void facts_free(struct facts *facts)
{
	free(facts->sshd.said);
	people_free(&facts->people);
	doctor_free_configurations(facts);
	stacks_free(&facts->stacks);
}

static void findings_free(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++) {
		free(doctor->findings[i].subject);
		free(doctor->findings[i].why);
		free(doctor->findings[i].remedy);
	}
	free(doctor->findings);
}

static enum status examine(bool json)
{
	struct facts facts = {0};
	struct doctor doctor = {.facts = &facts};
	bool healthy = gather(&facts);

	doctor.lost = !healthy;
	if (facts.inside)
		doctor_add(&doctor, VERDICT_UNSEEN, "host",
			"doctor runs inside a session, and sees what the session sees: run it "
			"outside");
	for (size_t i = 0; healthy && i < ARRAY_SIZE(checks); i++)
		checks[i](&doctor);
	if (json)
		doctor_show_json(&doctor);
	else
		doctor_show_text(&doctor);
	healthy &= !doctor.lost && !doctor_tally(&doctor, VERDICT_PROBLEM);
	if (doctor.lost)
		fputs(NAME ": no memory: the report is incomplete\n", stderr);
	findings_free(&doctor);
	facts_free(&facts);
	return healthy ? STATUS_HEALTHY : STATUS_PROBLEM;
}

int command_doctor(int argc, char **argv)
{
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") != 0)
			return command_usage(argv[0]);
		json = true;
	}
	return (int)examine(json);
}
