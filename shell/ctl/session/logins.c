#include "logins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "origin.h"

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

/* The descriptors of PID 1, to be looked at by readdir(3) and in fdinfo. */
static DIR *open_descriptors(int directory)
{
	int fd = openat(directory, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *descriptors = fd < 0 ? NULL : fdopendir(fd);

	if (!descriptors && fd >= 0)
		close(fd);
	return descriptors;
}

/* The next process that it has a pidfd of: outside of the session, or inside. */
static pid_t next_pidfd(DIR *descriptors, unsigned level, bool outside, struct process_text *text)
{
	const struct dirent *entry;

	while ((entry = readdir(descriptors))) {
		pid_t pid = *entry->d_name == '.'
				    ? 0
				    : pidfd_of(dirfd(descriptors), entry->d_name, text);

		if (pid > 0 && is_outside(pid, level, text) == outside)
			return pid;
	}
	return 0;
}

static pid_t next_leader(DIR *descriptors, unsigned level, struct process_text *text)
{
	return next_pidfd(descriptors, level, true, text);
}

bool session_connected(int directory, unsigned level, struct process_text *text)
{
	DIR *descriptors = open_descriptors(directory);
	bool found = descriptors && next_pidfd(descriptors, level, false, text) > 0;

	if (descriptors)
		closedir(descriptors);
	return found;
}

unsigned session_logins(int directory, unsigned level, struct process_text *text)
{
	DIR *descriptors = open_descriptors(directory);
	unsigned count = 0;

	if (!descriptors)
		return 0;
	while (next_leader(descriptors, level, text) > 0)
		count++;
	closedir(descriptors);
	return count;
}

/* ---- when there is none ---- */

#define CENTURY 3155760000 /* LINGER_FOREVER of shell/init/pid1.h: no limit */

void session_left(int directory, struct process_text *text, long long *left, long long *ends)
{
	DIR *descriptors = open_descriptors(directory);
	const struct dirent *entry;

	*left = *ends = -1;
	while (descriptors && (entry = readdir(descriptors))) {
		long long value, interval;
		const char *line;

		if (*entry->d_name == '.' ||
			process_read(dirfd(descriptors), entry->d_name, text) < 0)
			continue;
		line = strstr(text->bytes, "\nit_value: (");
		if (!line || sscanf(line, " it_value: (%lld, %*d) it_interval: (%lld,", &value,
				     &interval) != 2)
			continue;
		/* the rest of a second counts as one; a timer that stands still has no value */
		if (!strstr(line, "it_value: (0, 0)") && interval > value)
			*left = interval - value - 1;
		if (*left >= 0 && interval < CENTURY)
			*ends = value + 1;
	}
	if (descriptors)
		closedir(descriptors);
}

/* ---- what each of them is ---- */

static void look_at_line(int pidfd, int number, struct session_login *list, size_t count)
{
	struct ucred maker;
	_cleanup_close_ int line = session_line(pidfd, number, &maker);

	if (line < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (list[i].leader == maker.pid)
			login_facts_look(line, &list[i].facts);
}

static int find_leaders(
	DIR *descriptors, unsigned level, struct process_text *text, struct session_login **list)
{
	int count = 0;
	pid_t leader;

	while ((leader = next_leader(descriptors, level, text)) > 0) {
		struct session_login *more = realloc(*list, ((size_t)count + 1) * sizeof **list);

		if (!more)
			return -ENOMEM;
		*list = more;
		more[count++] = (struct session_login){.leader = leader, .facts.since = -1};
	}
	return count;
}

int session_logins_list(int pidfd, int directory, unsigned level, struct process_text *text,
	struct session_login **list)
{
	DIR *descriptors = open_descriptors(directory);
	const struct dirent *entry;
	int count;

	*list = NULL;
	if (!descriptors)
		return 0;
	count = find_leaders(descriptors, level, text, list);
	rewinddir(descriptors);
	while (count > 0 && (entry = readdir(descriptors)))
		if (*entry->d_name != '.')
			look_at_line(pidfd, atoi(entry->d_name), *list, (size_t)count);
	closedir(descriptors);
	if (count < 0) {
		free(*list);
		*list = NULL;
	}
	return count;
}
