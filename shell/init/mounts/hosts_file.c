#include "hosts_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define SIZE_MAX_READ (16 << 20)

/* Reads it into @text, which has room for @size bytes; the file can shrink meanwhile. */
static int read_all(int fd, char *text, size_t size, size_t *length)
{
	ssize_t got = 1;

	for (*length = 0; *length < size && got > 0; *length += (size_t)got)
		if ((got = read(fd, text + *length, size - *length)) < 0)
			return -1;
	return 0;
}

void hosts_file_free(struct hosts_file *file)
{
	if (file->bytes && file->bytes != file->few)
		munmap(file->bytes, file->room);
	file->bytes = NULL;
}

int hosts_file_read(const char *path, size_t before, size_t after, struct hosts_file *file,
	size_t *length, struct error *error)
{
	struct stat status;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(error, errno, "cannot read %s", path);
	if (fstat(fd, &status) < 0)
		return error_errno(error, errno, "cannot read %s", path);
	/* for convenience, not for protection: nobody is locked out for lack of it */
	if (!S_ISREG(status.st_mode) || status.st_size > SIZE_MAX_READ) {
		error_set(error, 0,
			"%s has no line of the session's: it is not a regular file of at most %d "
			"MiB",
			path, SIZE_MAX_READ >> 20);
		return 0;
	}
	/* separate pages, which PID 1 releases: whatever it keeps lasts as long as the session */
	file->room = before + (size_t)status.st_size + after;
	file->bytes = file->room <= sizeof file->few
			      ? file->few
			      : mmap(NULL, file->room, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file->bytes == MAP_FAILED) {
		file->bytes = NULL;
		return error_errno(error, errno, "cannot read %s", path);
	}
	if (read_all(fd, file->bytes + before, (size_t)status.st_size, length) == 0)
		return 1;
	hosts_file_free(file);
	return error_errno(error, errno, "cannot read %s", path);
}
