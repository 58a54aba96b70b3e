#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/common/cleanup.h"
#include "shell/ctl/doctor/doctor.h"

int doctor_proc_hidden(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int hidden = 0;

	if (!file)
		return -errno;
	while (getline(&line, &size, file) >= 0) {
		char point[16] = "";
		const char *option;

		if (sscanf(line, "%*s %*s %*s %*s %15s", point) != 1 || strcmp(point, "/proc") != 0)
			continue;
		option = strstr(line, "hidepid=");
		hidden = option && strncmp(option, "hidepid=0", 9) != 0 &&
			 strncmp(option, "hidepid=off", 11) != 0;
	}
	fclose(file);
	return hidden;
}
