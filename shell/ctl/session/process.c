#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define TEXT_FIRST (16 << 10)
#define TEXT_MAX (4 << 20) /* 65536 groups make a status of 720 kB */

void process_text_free(struct process_text *text)
{
	free(text->bytes);
	*text = (struct process_text){0};
}

static int grow(struct process_text *text)
{
	size_t size = text->size ? text->size * 2 : TEXT_FIRST;
	char *bytes = size > TEXT_MAX ? NULL : realloc(text->bytes, size);

	if (!bytes)
		return -ENOMEM;
	text->bytes = bytes;
	text->size = size;
	return 0;
}

int process_open(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%s", name);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int process_read(int directory, const char *file, struct process_text *text)
{
	_cleanup_close_ int fd = openat(directory, file, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 ? -errno : 0;

	text->length = 0;
	while (!result) {
		size_t space;
		ssize_t got;

		if (text->length + 1 >= text->size && (result = grow(text)) < 0)
			break;
		space = text->size - text->length - 1;
		got = read(fd, text->bytes + text->length, space);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			result = -errno;
			break;
		}
		text->length += (size_t)got;
		/* these files are generated as a whole: a short read comes only at their end */
		if ((size_t)got < space)
			break;
	}
	if (result < 0)
		text->length = 0;
	if (text->bytes)
		text->bytes[text->length] = '\0';
	return result;
}

/* What follows "@name:" at the start of a line; NULL when there is none. */
static const char *find_line(const struct process_text *text, const char *name)
{
	size_t length = strlen(name);

	/* the kernel writes a newline in a process's name as \n: proc_pid_status(5) */
	for (const char *line = text->bytes; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, length) && line[length] == ':')
			return line + length + 1;
	}
	return NULL;
}

int process_status(int directory, struct process_status *status, struct process_text *text)
{
	const char *uid, *gid, *parent, *pids;
	int result = process_read(directory, "status", text);

	*status = (struct process_status){0};
	if (result < 0)
		return result;
	parent = find_line(text, "PPid");
	uid = find_line(text, "Uid");
	gid = find_line(text, "Gid");
	pids = find_line(text, "NSpid");
	if (!parent || !uid || !gid || !pids)
		return -EPROTO;
	status->parent = (pid_t)strtol(parent, NULL, 10);
	status->uid = (uid_t)strtoul(uid, NULL, 10);
	status->gid = (gid_t)strtoul(gid, NULL, 10);
	while (status->levels < PROCESS_LEVELS_MAX) {
		char *end;

		pids += strspn(pids, "\t ");
		if (*pids < '0' || *pids > '9')
			break;
		status->pids[status->levels++] = (pid_t)strtol(pids, &end, 10);
		pids = end;
	}
	return status->levels ? 0 : -ESRCH;
}

static unsigned long long bytes_of(const char *pages)
{
	return strtoull(pages, NULL, 10) * (unsigned long long)sysconf(_SC_PAGESIZE);
}

int process_stat(
	int directory, const char *file, struct process_stat *stat, struct process_text *text)
{
	/* fields of proc_pid_stat(5), counted from the end of the name, the second one */
	const int started = 22 - 2, resident = 24 - 2;
	const char *word;
	int result = process_read(directory, file, text);

	*stat = (struct process_stat){0};
	if (result < 0)
		return result;
	/*
	 * the name can hold anything, but only numbers follow it: so the last parenthesis ends it
	 */
	word = strrchr(text->bytes, ')');
	for (int i = 1; word && i <= resident; i++) {
		word = strchr(word + 1, ' ');
		if (word && i == started)
			stat->started = strtoll(word, NULL, 10);
		if (word && i == resident)
			stat->resident = bytes_of(word);
	}
	return word ? 0 : -ESRCH;
}

unsigned long long process_resident(int proc, const char *name, struct process_text *text)
{
	char path[300];
	const char *word;

	snprintf(path, sizeof path, "%s/statm", name);
	if (process_read(proc, path, text) < 0)
		return 0;
	word = strchr(text->bytes, ' ');
	return word ? bytes_of(word) : 0;
}
