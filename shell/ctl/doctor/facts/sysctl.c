#include "sysctl.h"

#include <errno.h>
#include <stdio.h>

#include "shell/ctl/doctor/doctor.h"

#define FILE_OF_OURS "/etc/sysctl.d/60-nsisolate.conf"

int sysctl_read(const char *name, long long *number)
{
	char path[256];
	FILE *file;
	int result = 0;

	snprintf(path, sizeof path, "/proc/sys/%s", name);
	for (char *byte = path + sizeof "/proc/sys/" - 1; *byte; byte++)
		if (*byte == '.')
			*byte = '/';
	file = fopen(path, "re");
	if (!file)
		return -errno;
	if (fscanf(file, "%lld", number) != 1)
		result = -EIO;
	fclose(file);
	return result;
}

void sysctl_remedy(struct doctor *doctor, const char *name, const char *value)
{
	doctor_remedy(
		doctor, "echo %s=%s >>" FILE_OF_OURS " && sysctl -p " FILE_OF_OURS, name, value);
}
