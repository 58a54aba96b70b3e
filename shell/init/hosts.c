#include "hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define SIZE_MAX_READ (16 << 20)
#define SCRATCH "/proc"
#define SCRATCH_HOSTS SCRATCH "/hosts"
#define LINE_MAX_ADDED 512
#define BLANKS " \t\r"
/* the address of a machine's own name where it has no other, as Debian has it */
#define OWN_ADDRESS "127.0.1.1"

/* A part of the host's file. */
struct word {
	const char *text;
	size_t length;
};

/* The next one of the line that ends at @end; false when there is none. */
static bool next_word(const char **cursor, const char *end, struct word *word)
{
	while (*cursor < end && strchr(BLANKS, **cursor))
		++*cursor;
	word->text = *cursor;
	while (*cursor < end && !strchr(BLANKS, **cursor))
		++*cursor;
	word->length = (size_t)(*cursor - word->text);
	return word->length > 0;
}

/* Whether the line from @cursor to @end names @name: hosts(5). */
static bool line_names(const char *cursor, const char *end, const char *name, struct word *address,
	struct word *canonical)
{
	struct word word;

	if (!next_word(&cursor, end, address) || !next_word(&cursor, end, canonical) ||
		address->length > 45 || canonical->length > 255)
		return false;
	word = *canonical;
	do
		if (strlen(name) == word.length && !strncasecmp(word.text, name, word.length))
			return true;
	while (next_word(&cursor, end, &word));
	return false;
}

/* The line for @name in @text: the first one, of those with an IPv4 address if there are any. */
static bool find_line(
	const struct word *text, const char *name, struct word *address, struct word *canonical)
{
	const char *line = text->text, *last = text->text + text->length, *end, *comment;
	struct word at, first;
	bool found = false;

	for (; line < last; line = end + 1) {
		end = memchr(line, '\n', (size_t)(last - line));
		if (!end)
			end = last;
		comment = memchr(line, '#', (size_t)(end - line));
		if (!line_names(line, comment ? comment : end, name, &at, &first))
			continue;
		if (found && memchr(at.text, ':', at.length))
			continue;
		*address = at;
		*canonical = first;
		found = true;
		if (!memchr(at.text, ':', at.length))
			break;
	}
	return found;
}

/* What is added to the host's file @text; 0 when nothing has to be. */
static size_t make_line(
	const struct word *text, const struct hosts_names *names, char *line, size_t size)
{
	static const struct word own = {OWN_ADDRESS, sizeof OWN_ADDRESS - 1};
	struct word address = own, canonical = {names->host, strlen(names->host)};
	bool found = find_line(text, names->host, &address, &canonical);
	int length;

	if (*names->domain)
		length = snprintf(line, size, "\n" OWN_ADDRESS "\t%s.%s %s\n", names->session,
			names->domain, names->session);
	else if (found && !strcasecmp(names->session, names->host))
		return 0;
	else if (!found && !strchr(names->host, '.'))
		length = snprintf(line, size, "\n" OWN_ADDRESS "\t%s\n", names->session);
	else {
		/* an address of IPv6 alone would not do for who asks for one of IPv4 */
		if (names->local || memchr(address.text, ':', address.length))
			address = own;
		length = snprintf(line, size, "\n%.*s\t%.*s %s\n", (int)address.length,
			address.text, (int)canonical.length, canonical.text, names->session);
	}
	return (size_t)length;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0)
			return -1;
		bytes += written;
		size -= (size_t)written;
	}
	return 0;
}

static int write_file(const char *bytes, size_t size)
{
	_cleanup_close_ int file = open(SCRATCH_HOSTS,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (file < 0 || write_all(file, bytes, size) < 0)
		return -1;
	return fchmod(file, 0644);
}

/* @bytes: the host's file, of @length, and room for LINE_MAX_ADDED more. */
static int cover(char *bytes, size_t length, const struct hosts_names *names, bool stays,
	struct error *error)
{
	const struct word text = {bytes, length};
	size_t added = make_line(&text, names, bytes + length, LINE_MAX_ADDED);
	int result = 0;

	if (!added)
		return 0;
	/*
	 * The file needs a file system of its own to live on, and that needs a place for the moment
	 * that it takes to bind the file: the one that mounts_proc will cover.  A detached mount
	 * would need no place, but binding out of one works only from Linux 6.15 on.  To unmount it
	 * is the most expensive thing of all, since the kernel waits for an RCU grace period.
	 */
	if (mount("nsisolate", SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    "mode=755,nr_inodes=4") < 0)
		return error_errno(error, errno, "cannot mount a tmpfs for /etc/hosts");
	if (write_file(bytes, length + added) < 0)
		result = error_errno(error, errno, "cannot write the session's /etc/hosts");
	else if (mount(SCRATCH_HOSTS, "/etc/hosts", NULL, MS_BIND, NULL) < 0)
		result = error_errno(error, errno, "cannot mount over /etc/hosts");
	if (!stays && umount2(SCRATCH, MNT_DETACH) < 0 && !result)
		result = error_errno(error, errno, "cannot unmount the tmpfs of /etc/hosts");
	return result;
}

/* Into @text, which has room for @size bytes; it can be made shorter meanwhile. */
static int read_all(int fd, char *text, size_t size, size_t *length)
{
	ssize_t got = 1;

	for (*length = 0; *length < size && got > 0; *length += (size_t)got)
		if ((got = read(fd, text + *length, size - *length)) < 0)
			return -1;
	return 0;
}

int hosts_cover(const struct hosts_names *names, bool stays, struct error *error)
{
	struct stat status;
	size_t size, length;
	char *bytes;
	int result;
	_cleanup_close_ int file = open("/etc/hosts", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (file < 0)
		return errno == ENOENT ? 0 : error_errno(error, errno, "cannot read /etc/hosts");
	if (fstat(file, &status) < 0)
		return error_errno(error, errno, "cannot read /etc/hosts");
	/* a comfort, and no wall: nobody is kept out for want of it */
	if (!S_ISREG(status.st_mode) || status.st_size > SIZE_MAX_READ) {
		error_set(error, 0,
			"/etc/hosts has no line for the session's name: it is no regular file of at "
			"most %d MiB",
			SIZE_MAX_READ >> 20);
		return 0;
	}
	/* pages of its own, which PID 1 gives back: what it has it has for the session's life */
	size = (size_t)status.st_size;
	bytes = mmap(NULL, size + LINE_MAX_ADDED, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return error_errno(error, errno, "cannot read /etc/hosts");
	if (read_all(file, bytes, size, &length) < 0)
		result = error_errno(error, errno, "cannot read /etc/hosts");
	else
		result = cover(bytes, length, names, stays, error);
	munmap(bytes, size + LINE_MAX_ADDED);
	return result;
}
