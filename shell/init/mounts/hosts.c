#include "hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "resolver.h"

#define SCRATCH "/proc"
#define LINE_MAX_ADDED 512
#define INODES 4
#define INODES_TEXT "4"
#define BLANKS " \t\r"
/* Debian's address for a machine's own name where it has no other */
#define OWN_ADDRESS "127.0.1.1"

/* The names that the line is for. */
struct hosts_names {
	const char *host; /* the machine's own, from uname(2) */
	const char *session;
	const char *domain; /* the session's domainname; "": none of its own */
	bool local; /* the session does not have the machine's addresses */
};

/* What a file covers, and where it is for the moment before. */
static const struct place {
	const char *path, *scratch;
} places[HOSTS_FILES] = {
	[HOSTS] = {"/etc/hosts", SCRATCH "/hosts"},
	[HOSTS_RESOLVER] = {"/etc/resolv.conf", SCRATCH "/resolv.conf"},
};

/* A part of the host's file. */
struct word {
	const char *text;
	size_t length;
};

/* The next word of the line that ends at @end; false when there is none. */
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

/* The line for @name in @text: the first one with an IPv4 address, else the first. */
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

/* What to add to the host's file @text; 0 when nothing is needed. */
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
		/* an IPv6 address alone would not do for a lookup of an IPv4 one */
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

static int write_file(const struct hosts_file *hosts, const char *path)
{
	_cleanup_close_ int file =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (file < 0 || write_all(file, hosts->bytes, hosts->size) < 0)
		return -1;
	return fchmod(file, 0644);
}

/* Its number of inodes distinguishes it from other mounts. */
static int mount_scratch(void)
{
	return mount("nsisolate", SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		"mode=755,nr_inodes=" INODES_TEXT);
}

int hosts_cover(const struct hosts_files *files, bool stays, struct error *error)
{
	const struct hosts_file *file = files->file;
	int result = 0;

	if (!file[HOSTS].size && !file[HOSTS_RESOLVER].size)
		return 0;
	/*
	 * The files need a file system of their own, and that needs a mount point for the moment
	 * that it takes to bind them: the one that the session's /proc will cover.  A detached
	 * mount would need none, but binding out of one works only since Linux 6.15.  Unmounting it
	 * is the most expensive part, since the kernel waits for an RCU grace period.
	 */
	if (mount_scratch() < 0)
		return error_errno(error, errno, "cannot mount a tmpfs for /etc/hosts");
	for (int i = 0; i < HOSTS_FILES && !result; i++) {
		const struct place *place = &places[i];

		if (!file[i].size)
			continue;
		if (write_file(&file[i], place->scratch) < 0)
			result = error_errno(
				error, errno, "cannot write the session's %s", place->path);
		else if (mount(place->scratch, place->path, NULL, MS_BIND, NULL) < 0)
			result = error_errno(error, errno, "cannot mount over %s", place->path);
	}
	if (!stays && umount2(SCRATCH, MNT_DETACH) < 0 && !result)
		result = error_errno(error, errno, "cannot unmount the tmpfs of /etc/hosts");
	return result;
}

void hosts_free(struct hosts_files *files)
{
	for (int i = 0; i < HOSTS_FILES; i++)
		hosts_file_free(&files->file[i]);
}

static int make_hosts(const struct policy *policy, struct hosts_file *hosts, struct error *error)
{
	char session[POLICY_NAME_MAX + 1];
	struct utsname host;
	const struct hosts_names names = {
		.host = host.nodename,
		.session = session,
		.domain = policy->domainname,
		.local = policy->kinds & CLONE_NEWNET,
	};
	struct word text;
	size_t size = 0, added;
	int result;

	if (!policy->hosts || !*policy->hostname)
		return 0;
	if (uname(&host) < 0)
		return error_errno(error, errno, "cannot tell the machine's name");
	policy_hostname(policy->hostname, policy->number, session);
	result = hosts_file_read("/etc/hosts", 0, LINE_MAX_ADDED, hosts, &size, error);
	if (result <= 0)
		return result;
	text = (struct word){hosts->bytes, size};
	added = make_line(&text, &names, hosts->bytes + size, LINE_MAX_ADDED);
	hosts->size = added ? size + added : 0;
	return 0;
}

int hosts_make(const struct policy *policy, struct hosts_files *files, struct error *error)
{
	int result;

	files->forwards = 0;
	for (int i = 0; i < HOSTS_FILES; i++) {
		files->file[i].bytes = NULL;
		files->file[i].size = 0;
	}
	if (!(policy->kinds & CLONE_NEWNS))
		return 0;
	result = make_hosts(policy, &files->file[HOSTS], error);
	if (!result && policy->network == NETWORK_USER)
		result = resolver_make(&files->file[HOSTS_RESOLVER], &files->forwards, error);
	return result;
}

/* ---- later ---- */

/* Linux 5.2, and not in every C library's headers. */
#define CLONE_TREE 1 /* OPEN_TREE_CLONE */
#define MOVE_FROM_FD 0x04 /* MOVE_MOUNT_F_EMPTY_PATH */
#define MOVE_TO_LINKED 0x10 /* MOVE_MOUNT_T_SYMLINKS */

/* Whether what is at @path has exactly these bytes. */
static bool is_current(const struct hosts_file *hosts, const char *path)
{
	char part[512];
	size_t at = 0;
	ssize_t got = 0;
	_cleanup_close_ int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	while (file >= 0 && (got = read(file, part, sizeof part)) > 0) {
		if ((size_t)got > hosts->size - at || memcmp(part, hosts->bytes + at, (size_t)got))
			return false;
		at += (size_t)got;
	}
	return file >= 0 && got == 0 && at == hosts->size;
}

/*
 * A mount of the new file that is not attached yet: temporarily made in a mount namespace of our
 * own.
 */
static int make_detached(const struct hosts_file *hosts, const char *scratch)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount_scratch() < 0 || write_file(hosts, scratch) < 0)
		return -1;
	return (int)syscall(SYS_open_tree, AT_FDCWD, scratch, CLONE_TREE | O_CLOEXEC);
}

static bool is_covered(const char *path)
{
	struct statfs status;

	return statfs(path, &status) == 0 && status.f_type == TMPFS_MAGIC &&
	       status.f_files == INODES;
}

static int renew(
	const struct hosts_file *hosts, const struct place *place, int shared, struct error *error)
{
	struct rlimit size;
	_cleanup_close_ int fresh = -1;

	/* exceeding the limit on file sizes would be a signal that ends us */
	if (!hosts->size || is_current(hosts, place->path) || getrlimit(RLIMIT_FSIZE, &size) < 0 ||
		hosts->size > size.rlim_cur)
		return 0;
	fresh = make_detached(hosts, place->scratch);
	if (setns(shared, CLONE_NEWNS) < 0)
		return error_errno(
			error, errno, "cannot go back to the mounts of the user's sessions");
	while (fresh >= 0 && is_covered(place->path))
		if (umount2(place->path, MNT_DETACH) < 0)
			return 0;
	if (fresh >= 0)
		syscall(SYS_move_mount, fresh, "", AT_FDCWD, place->path,
			MOVE_FROM_FD | MOVE_TO_LINKED);
	return 0;
}

int hosts_renew(const struct hosts_files *files, int shared, struct error *error)
{
	int result = 0;

	for (int i = 0; i < HOSTS_FILES && !result; i++)
		result = renew(&files->file[i], &places[i], shared, error);
	return result;
}
