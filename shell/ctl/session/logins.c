#include "logins.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

/* The process that the descriptor of this fdinfo is a pidfd of: 0 none, -1 it has ended. */
static pid_t pidfd_of(int directory, const char *name, struct process_text *text)
{
	const char *line;

	if (process_read(directory, name, text) < 0)
		return 0;
	line = strstr(text->bytes, "\nPid:\t");
	return line ? atoi(line + strlen("\nPid:\t")) : 0;
}

static bool is_outside(pid_t pid, unsigned level, struct process_text *text)
{
	struct process_status status;
	char name[16];
	_cleanup_close_ int directory = -1;

	snprintf(name, sizeof name, "%d", pid);
	directory = process_open(name);
	return directory >= 0 && process_status(directory, &status, text) == 0 &&
	       status.levels <= level;
}

unsigned session_logins(int directory, unsigned level, struct process_text *text)
{
	int fd = openat(directory, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *descriptors = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned count = 0;

	if (!descriptors) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((entry = readdir(descriptors))) {
		pid_t pid = *entry->d_name == '.' ? 0 : pidfd_of(fd, entry->d_name, text);

		count += pid > 0 && is_outside(pid, level, text);
	}
	closedir(descriptors);
	return count;
}
