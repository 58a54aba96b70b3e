#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

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

/* Adjacent strings, as execve(2) leaves them, are written at once. */
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
		return error_errno(error, EFBIG,
			"the environment is larger than the limit on file sizes (ulimit -f)");
	fd = make_file();
	if (fd < 0)
		return error_errno(error, errno, "cannot put the environment away");
	result = write_list(fd, list);
	if (!result && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		result = -errno;
	if (result < 0)
		return error_errno(error, -result, "cannot put the environment away");
	/*
	 * a descriptor that the caller closed stays closed for the shell: none of ours takes its
	 * number
	 */
	result = fcntl(fd, F_DUPFD, STDERR_FILENO + 1);
	return result < 0 ? error_errno(error, errno, "cannot put the environment away") : result;
}

/*
 * A loaded environment is one mapping, which can be released as a whole: the two processes that
 * remain for a session have no use for it.  The number of strings is not known in advance: there is
 * room for as many as there are bytes, and untouched memory costs nothing.
 */
struct loaded {
	size_t total;
	char shell[sizeof "SHELL=" + PATH_MAX];
	char *list[];
};

static struct loaded *loaded_of(char **list)
{
	return (struct loaded *)((char *)list - offsetof(struct loaded, list));
}

static int read_all(int fd, char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t got = pread(fd, bytes + at, size - at, (off_t)at);

		if (got == 0)
			return -EIO;
		if (got < 0 && errno != EINTR)
			return -errno;
		at += got > 0 ? (size_t)got : 0;
	}
	return !size || !bytes[size - 1] ? 0 : -EINVAL;
}

int environment_load(int fd, char ***list, struct error *error)
{
	struct stat status;
	int result, seals = fcntl(fd, F_GET_SEALS);
	size_t size, total;
	struct loaded *loaded;
	char *bytes, **word;

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &status) < 0)
		return error_set(error, EINVAL, "descriptor %d is not a stored environment", fd);
	size = (size_t)status.st_size;
	total = sizeof *loaded + (size + 2) * sizeof *loaded->list + size;
	loaded = mmap(NULL, total, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (loaded == MAP_FAILED)
		return error_errno(error, errno, "cannot take the environment");
	loaded->total = total;
	bytes = (char *)loaded + total - size;
	result = read_all(fd, bytes, size);
	if (result < 0) {
		munmap(loaded, total);
		return error_errno(error, -result, "cannot take the environment");
	}
	*list = word = loaded->list;
	for (size_t at = 0; at < size; at += strlen(bytes + at) + 1)
		*word++ = bytes + at;
	return 0;
}

void environment_release(char **list)
{
	if (list)
		munmap(loaded_of(list), loaded_of(list)->total);
}

int environment_set_shell(char **list, const char *shell)
{
	struct loaded *loaded = loaded_of(list);
	int length = snprintf(loaded->shell, sizeof loaded->shell, "SHELL=%s", shell);

	if (length >= (int)sizeof loaded->shell)
		return -ENAMETOOLONG;
	while (*list && strncmp(*list, loaded->shell, strlen("SHELL=")) != 0)
		list++;
	*list = loaded->shell;
	return 0;
}

const char *environment_get(char *const *list, const char *name)
{
	size_t length = strlen(name);

	for (; *list; list++)
		if (!strncmp(*list, name, length) && (*list)[length] == '=')
			return *list + length + 1;
	return NULL;
}
