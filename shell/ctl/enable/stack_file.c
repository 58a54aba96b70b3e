#include "stack_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define SIZE_MOST (1 << 20) /* of a stack that a person wrote */

const char *const pam_directories[] = {PAM_OWN_DIRECTORY, "/usr/lib/pam.d", "/usr/etc/pam.d"};

/* ---- finding and reading ---- */

char *stack_find(const char *service)
{
	char *path;

	for (size_t i = 0; i < PAM_DIRECTORIES; i++) {
		if (asprintf(&path, "%s/%s", pam_directories[i], service) < 0)
			return NULL;
		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	errno = ENOENT;
	return NULL;
}

/* Takes over @path. */
static int take_path(struct stack_file *file, char *path, struct error *error)
{
	char *slash;

	file->path = path;
	file->directory = path ? strdup(path) : NULL;
	if (!file->directory)
		return error_set(error, ENOMEM, "no memory");
	slash = strrchr(file->directory, '/');
	*(slash == file->directory ? slash + 1 : slash) = '\0';
	return 0;
}

static int read_text(struct stack_file *file, struct error *error)
{
	size_t size = (size_t)file->status.st_size;

	file->text.bytes = malloc(size + 1);
	if (!file->text.bytes)
		return error_set(error, ENOMEM, "no memory");
	while (file->text.size < size) {
		ssize_t got = pread(file->fd, file->text.bytes + file->text.size,
			size - file->text.size, (off_t)file->text.size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(error, errno, "cannot read %s", file->path);
		if (got == 0)
			break;
		file->text.size += (size_t)got;
	}
	file->text.bytes[file->text.size] = '\0';
	if (memchr(file->text.bytes, '\0', file->text.size))
		return error_set(
			error, EINVAL, "%s contains NUL bytes: not a text file", file->path);
	return 0;
}

int stack_open(struct stack_file *file, const char *path, struct error *error)
{
	char *real = realpath(path, NULL);
	int result;

	*file = (struct stack_file){.fd = -1};
	if (!real)
		return error_errno(error, errno, "cannot open %s", path);
	result = take_path(file, real, error);
	if (result < 0)
		return result;
	file->fd = open(real, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &file->status) < 0)
		return error_errno(error, errno, "cannot open %s", real);
	if (!S_ISREG(file->status.st_mode) || file->status.st_size > SIZE_MOST)
		return error_set(error, EINVAL, "%s cannot be a PAM file: %s", real,
			S_ISREG(file->status.st_mode) ? "it is larger than 1 MiB"
						      : "it is a directory or a device");
	if (flock(file->fd, LOCK_EX | LOCK_NB) < 0)
		return error_errno(error, errno, "%s is being changed by someone else", real);
	return read_text(file, error);
}

int stack_new(struct stack_file *file, const char *path, struct error *error)
{
	*file = (struct stack_file){.fd = -1, .status.st_mode = 0644};
	return take_path(file, strdup(path), error);
}

void stack_close(struct stack_file *file)
{
	cleanup_close(&file->fd);
	free(file->path);
	free(file->directory);
	free(file->text.bytes);
	*file = (struct stack_file){.fd = -1};
}

/* ---- whether it can be replaced ---- */

static int check_unchanged(const struct stack_file *file, struct error *error)
{
	const struct stat *before = &file->status;
	struct stat now;

	if (file->fd < 0)
		return lstat(file->path, &now) < 0
			       ? 0
			       : error_set(error, EEXIST,
					 "%s was created by someone else in the meantime",
					 file->path);
	if (lstat(file->path, &now) < 0)
		return error_errno(error, errno, "cannot check %s again", file->path);
	if (now.st_ino != before->st_ino || now.st_dev != before->st_dev ||
		now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
		return error_set(
			error, EBUSY, "%s was changed by someone else in the meantime", file->path);
	return 0;
}

static int check_replaceable(const struct stack_file *file, struct error *error)
{
	int flags = 0;

	if (file->fd < 0)
		return 0;
	if (file->status.st_nlink > 1)
		return error_set(error, EMLINK,
			"%s has %lu hard links, which would no longer be one "
			"file: make it a file of its own, and the others symbolic links to it",
			file->path, (unsigned long)file->status.st_nlink);
	/* not every file system supports flags */
	if (ioctl(file->fd, FS_IOC_GETFLAGS, &flags) == 0 &&
		(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)))
		return error_set(error, EPERM,
			"a flag of %s forbids changing it (see lsattr): run `chattr -ia` "
			"on it first",
			file->path);
	return 0;
}

/* ---- the new file ---- */

static int write_all(int fd, const struct stack_text *text)
{
	for (size_t done = 0; done < text->size;) {
		ssize_t wrote = write(fd, text->bytes + done, text->size - done);

		if (wrote < 0 && errno != EINTR)
			return -errno;
		if (wrote > 0)
			done += (size_t)wrote;
	}
	return 0;
}

/* Signatures of the old content: they would be wrong for the new. */
static bool is_signature(const char *name)
{
	return !strcmp(name, "security.ima") || !strcmp(name, "security.evm");
}

/* Copies SELinux's label, access lists and other attributes. */
static int copy_attributes(int from, int to)
{
	char names[4096], value[4096];
	ssize_t length = flistxattr(from, names, sizeof names), size;

	if (length < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		if (is_signature(name))
			continue;
		size = fgetxattr(from, name, value, sizeof value);
		if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0)
			return -errno;
	}
	return 0;
}

static int fill(const struct stack_file *file, int fd, const struct stack_text *text)
{
	int result = write_all(fd, text);

	if (result < 0)
		return result;
	if (fchown(fd, file->status.st_uid, file->status.st_gid) < 0)
		return -errno;
	result = file->fd < 0 ? 0 : copy_attributes(file->fd, fd);
	if (result < 0)
		return result;
	/* last: a change of owner clears mode bits, and access lists carry their own */
	return fchmod(fd, file->status.st_mode & 07777) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/*
 * So that a crash does not bring the old file back; if this fails the new one is in place anyway.
 */
static void sync_directory(const struct stack_file *file)
{
	_cleanup_close_ int fd = open(file->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)fsync(fd);
}

/* In the same directory, so that it can be renamed over the file; no service has such a name. */
static char *name_copy(const struct stack_file *file)
{
	char *copy;

	if (asprintf(&copy, "%s/.%s.nsisolatectl", file->directory, strrchr(file->path, '/') + 1) <
		0)
		return NULL;
	return copy;
}

int stack_replace(const struct stack_file *file, const struct stack_text *text, struct error *error)
{
	_cleanup_free_ char *copy = name_copy(file);
	_cleanup_close_ int fd = -1;
	int result = check_replaceable(file, error);

	if (result < 0)
		return result;
	if (!copy)
		return error_set(error, ENOMEM, "no memory");
	/* left behind by a killed run: nobody else has the lock */
	if (unlink(copy) < 0 && errno != ENOENT)
		return error_errno(error, errno, "cannot change %s", file->path);
	fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(error, errno, "cannot make a file in %s", file->directory);
	result = fill(file, fd, text);
	if (result < 0)
		error_errno(error, -result, "cannot write %s", copy);
	if (!result)
		result = check_unchanged(file, error);
	if (!result && rename(copy, file->path) < 0)
		result = error_errno(error, errno, "cannot replace %s", file->path);
	if (result < 0)
		unlink(copy);
	else
		sync_directory(file);
	return result;
}

int stack_remove(const struct stack_file *file, struct error *error)
{
	int result = check_unchanged(file, error);

	if (!result && unlink(file->path) < 0)
		result = error_errno(error, errno, "cannot remove %s", file->path);
	if (!result)
		sync_directory(file);
	return result;
}
