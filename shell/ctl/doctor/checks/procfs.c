/*
 * A procfs mounted anywhere but on /proc, as in a chroot made by debootstrap.  Sessions cover it
 * with their own (other_procfs.h), but not if it was mounted after the last login.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/common/kinds.h"
#include "shell/ctl/doctor/doctor.h"

/* Whether a line of mountinfo is about one that shows processes; @place: where it is mounted. */
static bool shows_processes(const char *line, char place[256])
{
	char root[256];
	const char *kind = strstr(line, " - ");

	if (!kind || strncmp(kind, " - proc ", 8) ||
		sscanf(line, "%*d %*d %*s %255s %255s", root, place) != 2)
		return false;
	return !root[1] || isdigit((unsigned char)root[1]);
}

void doctor_check_procs(struct doctor *doctor)
{
	char *line = NULL, place[256];
	size_t size = 0;
	FILE *mounts;

	if (doctor->facts->inside || !(doctor_kinds(doctor->facts) & kind_by_name("pid")->flag))
		return;
	mounts = fopen("/proc/self/mountinfo", "re");
	if (!mounts)
		doctor_add(doctor, VERDICT_UNSEEN, "procfs", "/proc/self/mountinfo: %s",
			strerror(errno));
	while (mounts && getline(&line, &size, mounts) > 0) {
		if (!shows_processes(line, place) || !strcmp(place, "/proc"))
			continue;
		doctor_add(doctor, VERDICT_WARNING, "procfs",
			"%s: another procfs; each login covers it in its session, but sessions "
			"older than the mount see all processes there",
			place);
		doctor_remedy(
			doctor, "# mount it before users log in, or where only root has access");
	}
	free(line);
	if (mounts)
		fclose(mounts);
}
