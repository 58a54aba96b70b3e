#include "process_count.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"

/* getdents64(2): not every C library has it, and readdir(3) reads, and allocates, for hundreds */
struct entry {
	uint64_t inode, offset;
	uint16_t length;
	uint8_t type;
	char name[];
};
#define PROCESS_ENTRY_SIZE 24 /* bytes, of a pid with up to four digits */

/*
 * An exiting process loses /proc/PID/exe before its parent can reap it.  The link is read and not
 * followed: it may lead to a file server that does not answer.
 */
static bool lives(int proc, const char *pid)
{
	char path[32], byte;

	snprintf(path, sizeof path, "%.10s/exe", pid);
	return readlinkat(proc, path, &byte, 1) >= 0 || errno != ENOENT;
}

static bool is_process(const char *name)
{
	return *name >= '1' && *name <= '9' && strcmp(name, "1") != 0;
}

int process_count(int others)
{
	/* room for the entries of /proc other than processes, which come first */
	_Alignas(struct entry) char buffer[2048];
	size_t size = sizeof buffer;
	const struct entry *entry;
	int count = 0;
	ssize_t length, at;
	_cleanup_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		return -errno;
	while ((length = syscall(SYS_getdents64, proc, buffer, size)) > 0) {
		for (at = 0; at < length; at += entry->length) {
			entry = (const struct entry *)(buffer + at);
			if (is_process(entry->name) && lives(proc, entry->name) &&
				++count == PROCESS_COUNT_MAX)
				return count;
		}
		/*
		 * one more than wanted: less than the size of one entry would be an error, EINVAL
		 */
		if (count)
			size = (size_t)(PROCESS_COUNT_MAX - count + 1) * PROCESS_ENTRY_SIZE;
	}
	if (length < 0)
		return -errno;
	return count > others ? count - others : 0;
}
