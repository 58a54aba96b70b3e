#include "own_session.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define ENGINE "nsisolate-init"

/* Reads a file of process 1, as far as there is room; @owner: its owner. */
static bool read_file(const char *path, char *text, size_t size, uid_t *owner)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status) < 0)
		return false;
	got = read(fd, text, size - 1);
	if (got <= 0)
		return false;
	text[got] = '\0';
	*owner = status.st_uid;
	return true;
}

bool own_session(void)
{
	char text[4096], name[32];
	const uid_t own = getuid();
	unsigned uids[4];
	const char *line;
	uid_t owner;

	if (!read_file("/proc/1/status", text, sizeof text, &owner) ||
		sscanf(text, "Name:\t%31[^\n]", name) != 1 || strcmp(name, ENGINE) != 0)
		return false;
	/* the name has no newline here: proc_pid_status(5) */
	line = strstr(text, "\nUid:\t");
	if (!line ||
		sscanf(line, "\nUid: %u %u %u %u", &uids[0], &uids[1], &uids[2], &uids[3]) != 4)
		return false;
	for (int i = 0; i < 4; i++)
		if (uids[i] != own)
			return false;
	return owner != own || own == 0;
}
