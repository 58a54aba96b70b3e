#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3; without it sysctl vm.memfd_noexec = 2 allows none */
#define MFD_NOEXEC_SEAL 8U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int make_file(void)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("environment", flags | MFD_NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create("environment", flags) : fd;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		bytes += written > 0 ? written : 0;
		size -= written > 0 ? (size_t)written : 0;
	}
	return 0;
}

/* Strings that stand one behind the other, as execve(2) leaves them, are one write. */
static int write_list(int fd, char *const *list)
{
	int result = 0;

	while (*list && !result) {
		const char *first = *list, *end = first;

		for (; *list == end; list++)
			end += strlen(end) + 1;
		result = write_all(fd, first, (size_t)(end - first));
	}
	return result;
}

static bool fits(char *const *list)
{
	struct rlimit limit;
	size_t size = 0;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return true;
	for (; *list; list++)
		size += strlen(*list) + 1;
	return size <= limit.rlim_cur;
}

int environment_store(char *const *list, struct error *error)
{
	_cleanup_close_ int fd = -1;
	int result;

	if (!fits(list))
		return error_errno(
			error, EFBIG, "the environment is larger than a file may be (ulimit -f)");
	fd = make_file();
	if (fd < 0)
		return error_errno(error, errno, "cannot put the environment away");
	result = write_list(fd, list);
	if (!result && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		result = -errno;
	if (result < 0)
		return error_errno(error, -result, "cannot put the environment away");
	/* one that is closed stays so for the shell: nothing of ours takes its place */
	result = fcntl(fd, F_DUPFD, STDERR_FILENO + 1);
	return result < 0 ? error_errno(error, errno, "cannot put the environment away") : result;
}

/* The bytes of @fd, which no one can change any more. */
static int map(int fd, char **bytes, size_t *size, struct error *error)
{
	struct stat status;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &status) < 0)
		return error_set(error, EINVAL, "descriptor %d is no stored environment", fd);
	*size = (size_t)status.st_size;
	if (!*size)
		return 0;
	*bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (*bytes == MAP_FAILED)
		return error_errno(error, errno, "cannot take the environment");
	if ((*bytes)[*size - 1])
		return error_set(error, EINVAL, "descriptor %d is no stored environment", fd);
	return 0;
}

int environment_load(int fd, char ***list, struct error *error)
{
	char *bytes = NULL, **word;
	size_t size = 0, count = 0;
	int result = map(fd, &bytes, &size, error);

	if (result < 0)
		return result;
	for (size_t at = 0; at < size; at++)
		count += !bytes[at];
	*list = word = calloc(count + 2, sizeof *word);
	if (!word)
		return error_errno(error, ENOMEM, "cannot take the environment");
	for (size_t at = 0; at < size; at += strlen(bytes + at) + 1)
		*word++ = bytes + at;
	return 0;
}

char *environment_set_shell(char **list, const char *shell)
{
	char *variable;

	if (asprintf(&variable, "SHELL=%s", shell) < 0)
		return NULL;
	while (*list && strncmp(*list, variable, strlen("SHELL=")) != 0)
		list++;
	*list = variable;
	return variable;
}

const char *environment_get(char *const *list, const char *name)
{
	size_t length = strlen(name);

	for (; *list; list++)
		if (!strncmp(*list, name, length) && (*list)[length] == '=')
			return *list + length + 1;
	return NULL;
}
