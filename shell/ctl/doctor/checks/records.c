/*
 * What the machine tells everyone of who logs in: known limits, which files in packaging/privacy
 * close.  They are no faults: each is said, and nothing is wrong.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/login_records.h"

static void check_records(struct doctor *doctor)
{
	char open[256] = "";
	struct stat status;

	for (size_t i = 0; i < ARRAY_SIZE(login_records); i++)
		if (stat(login_records[i], &status) == 0 && (status.st_mode & S_IROTH))
			snprintf(open + strlen(open), sizeof open - strlen(open), " %s",
				login_records[i]);
	if (*open)
		doctor_add(doctor, VERDICT_OK, "who logged in",
			"everyone reads when, and from where:%s; " NSISOLATE_PRIVACY
			"/tmpfiles.conf closes them",
			open);
	else
		doctor_add(doctor, VERDICT_OK, "who logged in",
			"no record is there that everyone reads");
}

static void check_bus(struct doctor *doctor)
{
	if (access("/run/systemd/system", F_OK) < 0)
		return;
	if (access("/etc/dbus-1/system.d/nsisolate.conf", R_OK) < 0)
		doctor_add(doctor, VERDICT_OK, "D-Bus",
			"systemd tells everyone of units, processes and logins; " NSISOLATE_PRIVACY
			"/dbus.conf closes that");
	else
		doctor_add(doctor, VERDICT_OK, "D-Bus",
			"systemd tells administrators only of units and logins");
}

void doctor_check_records(struct doctor *doctor)
{
	check_records(doctor);
	check_bus(doctor);
}
