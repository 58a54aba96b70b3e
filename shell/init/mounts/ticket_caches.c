#include "ticket_caches.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define NAMES_MAX 10000 /* entries read of a directory that everybody can fill */
#define CACHES_MAX 16
#define CACHE_FILES_MAX 100
#define CACHE_SIZE_MAX (1 << 20)

/*
 * Opens @at's directory @name as a stream, with its own descriptor; NULL with errno.  Without
 * O_DIRECTORY a user's FIFO of that name would hold up the login (CVE-2024-22365 in pam_namespace).
 */
static DIR *open_stream(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream)
		cleanup_close(&fd);
	return stream;
}

static bool is_dot(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Whether the entry cannot be used to ask a process for anything. */
static bool has_files_only(DIR *directory, uid_t uid)
{
	const struct dirent *entry;
	struct stat status;
	int count = 0;

	while (errno = 0, (entry = readdir(directory)))
		if (!is_dot(entry->d_name) &&
			(++count > CACHE_FILES_MAX ||
				fstatat(dirfd(directory), entry->d_name, &status,
					AT_SYMLINK_NOFOLLOW) < 0 ||
				!S_ISREG(status.st_mode) || status.st_uid != uid))
			return false;
	return errno == 0;
}

/* By descriptors: the user owns the names, which can be something else the next moment. */
static void show_directory(int host, int own, const char *name, uid_t uid)
{
	DIR *from = open_stream(host, name);
	struct stat status;
	char path[2][32];
	int to = -1;

	if (from && fstat(dirfd(from), &status) == 0 && status.st_uid == uid &&
		has_files_only(from, uid) && mkdirat(own, name, S_IRWXU) == 0) {
		to = openat(own, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		snprintf(path[0], sizeof path[0], "/proc/self/fd/%d", dirfd(from));
		snprintf(path[1], sizeof path[1], "/proc/self/fd/%d", to);
		if (to < 0 || mount(path[0], path[1], NULL, MS_BIND, NULL) < 0)
			unlinkat(own, name, AT_REMOVEDIR);
	}
	cleanup_close(&to);
	if (from)
		closedir(from);
}

static void copy_file(int host, int own, const char *name, uid_t uid, gid_t gid)
{
	struct stat status;
	ssize_t sent = 1;
	_cleanup_close_ int from =
		openat(host, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int to = -1;

	if (from < 0 || fstat(from, &status) < 0 || !S_ISREG(status.st_mode) ||
		status.st_uid != uid || status.st_size > CACHE_SIZE_MAX)
		return;
	to = openat(
		own, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
	for (off_t left = status.st_size; to >= 0 && left > 0 && sent > 0; left -= sent)
		sent = sendfile(to, from, NULL, (size_t)left);
	if (to >= 0 && (sent < 0 || fchown(to, uid, gid) < 0))
		unlinkat(own, name, 0);
}

void ticket_caches_keep(int host, int own, const char *prefix, uid_t uid, gid_t gid)
{
	DIR *names = open_stream(host, ".");
	const struct dirent *entry;
	struct stat status;
	int looked_at = 0, count = 0;

	while (names && looked_at++ < NAMES_MAX && count < CACHES_MAX && (entry = readdir(names))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
			fstatat(host, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
			status.st_uid != uid)
			continue;
		count++;
		if (S_ISDIR(status.st_mode))
			show_directory(host, own, entry->d_name, uid);
		else if (S_ISREG(status.st_mode))
			copy_file(host, own, entry->d_name, uid, gid);
	}
	if (names)
		closedir(names);
}
