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
	doctor_check_procs,
	doctor_check_names,
	doctor_check_logins,
	doctor_check_outside,
};

/*
 * Reports where doctor itself runs: inside a session it sees the session's processes, mounts and
 * limits.
 */
static void check_place(struct doctor *doctor)
{
	char comm[32] = "";
	FILE *file = fopen("/proc/1/comm", "re");

	doctor->inside =
		file && fgets(comm, sizeof comm, file) && !strcmp(comm, "nsisolate-init\n");
	if (doctor->inside)
		doctor_add(doctor, VERDICT_UNSEEN, "host",
			"doctor runs inside a session, and sees what the session sees: run it "
			"outside");
	if (file)
		fclose(file);
}

/* Gathers everything that more than one check examines. */
static bool gather(struct doctor *doctor)
{
	/* before any account is looked up: a service that hangs is then left out */
	doctor->names = name_services_ask(&doctor->services);
	if (!stacks_read(&doctor->stacks) || !doctor_read_configurations(doctor))
		return false;
	people_read(doctor);
	doctor_ask_sshd(doctor);
	return !doctor->lost;
}

static void doctor_free(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++) {
		free(doctor->findings[i].subject);
		free(doctor->findings[i].why);
		free(doctor->findings[i].remedy);
	}
	free(doctor->findings);
	free(doctor->sshd.said);
	people_free(&doctor->people);
	doctor_free_configurations(doctor);
	stacks_free(&doctor->stacks);
}

static enum status examine(bool json)
{
	struct doctor doctor = {.root = geteuid() == 0};
	bool healthy = gather(&doctor);

	doctor.lost |= !healthy;
	check_place(&doctor);
	for (size_t i = 0; healthy && i < ARRAY_SIZE(checks); i++)
		checks[i](&doctor);
	if (json)
		doctor_show_json(&doctor);
	else
		doctor_show_text(&doctor);
	healthy &= !doctor.lost && !doctor_tally(&doctor, VERDICT_PROBLEM);
	if (doctor.lost)
		fputs(NAME ": no memory: the report is incomplete\n", stderr);
	doctor_free(&doctor);
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
