#include "other_procfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "mount_fd.h"
#include "procfs_elsewhere.h"

/* How often to retry if mounts or directories change meanwhile. */
#define PASSES 10

/* Initial room for the mounts of a machine; only written pages take memory. */
#define ROOM ((size_t)64 << 10)

/* One line of mountinfo, proc_pid_mountinfo(5). */
struct mounted {
	int id, parent;
	dev_t device;
	bool shows; /* it is of type proc, and shows processes */
	uid_t fuse; /* whose FUSE it is, which that user may unmount, by fusermount(1); 0: none */
	char *place;
};

/* All of them, and their text; in memory that is returned to the kernel: PID 1 is long-lived. */
struct mounts {
	char *memory;
	size_t size, length;
	struct mounted *list;
	size_t count;
};

static void mounts_free(struct mounts *mounts)
{
	if (mounts->memory)
		munmap(mounts->memory, mounts->size);
}

static int make_room(struct mounts *mounts, size_t size)
{
	void *memory;

	if (size <= mounts->size)
		return 0;
	memory = mounts->memory ? mremap(mounts->memory, mounts->size, size, MREMAP_MAYMOVE)
				: mmap(NULL, size, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	mounts->memory = memory;
	mounts->size = size;
	return 0;
}

/* Reads the file's text, followed by a NUL. */
static int read_text(struct mounts *mounts, int host)
{
	_cleanup_close_ int file = openat(host, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	ssize_t length;
	int result;

	if (file < 0)
		return -errno;
	do {
		result = make_room(
			mounts, mounts->length + 4096 < mounts->size ? 0 : 2 * mounts->size);
		if (result < 0)
			return result;
		length = read(
			file, mounts->memory + mounts->length, mounts->size - mounts->length - 1);
		if (length < 0 && errno != EINTR)
			return -errno;
		mounts->length += length > 0 ? (size_t)length : 0;
	} while (length);
	mounts->memory[mounts->length] = '\0';
	return 0;
}

/* Undoes the escapes of blanks and the like, such as \040. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (text[0] == '\\' && isdigit(text[1]) && isdigit(text[2]) && isdigit(text[3])) {
			*to = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

/* Splits off the next word of @text; NULL: there is none. */
static char *next_word(char **text)
{
	char *word;

	do
		word = strsep(text, " ");
	while (word && !*word);
	return word;
}

/* The uid of the user whose FUSE this is, by the last words of its line. */
static uid_t fuse_owner(const char *type, const char *options)
{
	static const char name[] = "user_id=";
	const char *user = options && !strncmp(type, "fuse", 4) ? strstr(options, name) : NULL;

	return user ? (uid_t)strtoul(user + strlen(name), NULL, 10) : 0;
}

static bool parse(struct mounted *mounted, char *line)
{
	char *id = next_word(&line), *parent = next_word(&line), *device = next_word(&line);
	char *root = next_word(&line), *place = next_word(&line), *word = next_word(&line);
	unsigned major, minor;

	if (!place || !word || sscanf(device, "%u:%u", &major, &minor) != 2)
		return false;
	while (word && strcmp(word, "-"))
		word = next_word(&line);
	word = next_word(&line);
	next_word(&line); /* the source */
	unescape(place);
	*mounted = (struct mounted){
		.id = atoi(id),
		.parent = atoi(parent),
		.device = makedev(major, minor),
		.shows = word && !strcmp(word, "proc") && procfs_has_processes(root),
		.fuse = word ? fuse_owner(word, line) : 0,
		.place = place,
	};
	return true;
}

static int parse_all(struct mounts *mounts)
{
	size_t lines = 0, start;
	char *text, *line;
	int result;

	for (size_t i = 0; i < mounts->length; i++)
		lines += mounts->memory[i] == '\n';
	start = (mounts->length + 16) & ~(size_t)15; /* aligned, and after the NUL */
	result = make_room(mounts, start + lines * sizeof *mounts->list);
	if (result < 0)
		return result;
	mounts->list = (struct mounted *)(void *)(mounts->memory + start);
	text = mounts->memory;
	while (mounts->count < lines && (line = strsep(&text, "\n")))
		if (parse(&mounts->list[mounts->count], line))
			mounts->count++;
	return 0;
}

static int mounts_read(struct mounts *mounts, int host)
{
	int result = make_room(mounts, ROOM);

	if (!result)
		result = read_text(mounts, host);
	return result ? result : parse_all(mounts);
}

static const struct mounted *find(const struct mounts *mounts, int id)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].id == id)
			return &mounts->list[i];
	return NULL;
}

/* Whether @path is @directory, or below it. */
static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return !strncmp(path, directory, length) && (!path[length] || path[length] == '/');
}

/*
 * Whether no path leads to @mounted: another mount covers a directory on the way, or the mount that
 * it is on, or itself.  Paths start at "/", whatever covers that.  A mount that the user can remove
 * in the session hides nothing.
 */
static bool is_hidden(const struct mounts *mounts, const struct mounted *mounted)
{
	const struct mounted *on = mounted;
	int above = -1; /* the mount that the path continues on */
	int id = mounted->id;

	for (;;) {
		for (size_t i = 0; i < mounts->count; i++) {
			const struct mounted *other = &mounts->list[i];

			if (other->parent == id && other->id != above && other->id != id &&
				!other->fuse && other->place[1] &&
				is_below(mounted->place, other->place))
				return true;
		}
		if (!on || on->parent == id)
			return false;
		above = id;
		id = on->parent;
		on = find(mounts, id);
	}
}

/*
 * Whether the path to @mounted leads through a user's FUSE; *@own: through one of @uid's.  What
 * goes there waits for the answer of a program of that user's, and cannot even be killed.
 */
static bool needs_an_answer(
	const struct mounts *mounts, const struct mounted *mounted, uid_t uid, bool *own)
{
	bool any = false;

	*own = false;
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mounted *other = &mounts->list[i];

		if (!other->fuse || !is_below(mounted->place, other->place))
			continue;
		any = true;
		*own |= other->fuse == uid;
	}
	return any;
}

/* By descriptor only: the user could change any name meanwhile. */
static int cover(int place, int own, struct error *error)
{
	struct stat status;
	_cleanup_close_ int tree = -1;

	if (fstat(place, &status) < 0)
		return error_errno(error, errno, "cannot look at a procfs");
	/* a single file of a process, bound somewhere: cover it by nothing */
	tree = S_ISDIR(status.st_mode) ? tree_clone(own, "", AT_EMPTY_PATH)
				       : tree_clone(AT_FDCWD, "/dev/null", 0);
	if (tree < 0 || tree_attach(tree, place) < 0)
		return error_errno(error, errno, "cannot cover a procfs");
	return 0;
}

static int open_path(const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);

	return fd < 0 ? -errno : fd;
}

/*
 * Opens the mount at the place where it was seen.  -EAGAIN: something else is there now, or no path
 * leads there, for example because it has become too long.
 */
static int open_place(const struct mounted *mounted)
{
	struct stat status;
	struct statfs system;
	int fd = open_path(mounted->place);

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == -ENAMETOOLONG || fd == -ESTALE)
		return -EAGAIN;
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) == 0 && status.st_dev == mounted->device &&
		fstatfs(fd, &system) == 0 && system.f_type == PROC_SUPER_MAGIC)
		return fd;
	close(fd);
	return -EAGAIN;
}

/*
 * Whether @uid may move or close @path: the directory that the last stable part of it leads to is
 * that user's, or one of root's that others may write, like /tmp.  Truncates @path.
 */
static bool may_be_moved_by(char *path, uid_t uid)
{
	char *slash;

	while ((slash = strrchr(path, '/')) && slash > path) {
		struct stat status;
		_cleanup_close_ int fd = -1;

		*slash = '\0';
		fd = open_path(path);
		if (fd >= 0)
			return fstat(fd, &status) < 0 || status.st_uid == uid ||
			       (status.st_uid == 0 && status.st_mode & (S_IWGRP | S_IWOTH));
	}
	return false;
}

/* Whose session it is, and which attempt this is. */
struct look {
	int own;
	dev_t device; /* of @own */
	uid_t uid;
	bool own_userns, last;
};

/* Covers what is seen; returns how many mounts need another attempt, or a negative errno. */
static int cover_all(const struct mounts *mounts, const struct look *look, struct error *error)
{
	int again = 0;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct mounted *mounted = &mounts->list[i];
		_cleanup_close_ int place = -1;
		bool own;
		int result;

		if (!mounted->shows || mounted->device == look->device ||
			is_hidden(mounts, mounted))
			continue;
		if (needs_an_answer(mounts, mounted, look->uid, &own)) {
			again += own;
			continue;
		}
		place = open_place(mounted);
		if (place == -EACCES && look->own_userns) {
			/* a user who closed it can open it later */
			again += may_be_moved_by(mounted->place, look->uid);
			continue;
		}
		if (place == -EAGAIN || place == -EACCES) {
			again += !look->last || may_be_moved_by(mounted->place, look->uid);
			continue;
		}
		again += !look->last;
		if (place < 0)
			return error_errno(
				error, -place, "cannot open the procfs at %s", mounted->place);
		result = cover(place, look->own, error);
		/* the process that it showed has ended */
		if (result < 0 && result != -ENOENT)
			return error_of_machine(error, result);
	}
	return again;
}

int procfs_open(struct error *error)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_errno(error, errno, "cannot open /proc") : fd;
}

int other_procfs_cover(int own, int host, uid_t uid, bool own_userns, struct error *error)
{
	struct look look = {.own = own, .uid = uid, .own_userns = own_userns};
	struct stat status;
	int result = 1;

	if (fstat(own, &status) < 0)
		return error_errno(error, errno, "cannot look at the session's /proc");
	look.device = status.st_dev;
	if (!procfs_may_be_elsewhere(look.device))
		return 0;
	for (int pass = 1; result > 0 && pass <= PASSES; pass++) {
		struct mounts mounts = {0};

		look.last = pass == PASSES;
		result = mounts_read(&mounts, host);
		if (result < 0)
			error_errno(error, -result, "cannot read the mounts of the session");
		else
			result = cover_all(&mounts, &look, error);
		mounts_free(&mounts);
	}
	if (result > 0)
		return error_set(error, EAGAIN,
			"a procfs that shows processes outside cannot be covered: the directories "
			"that lead there are moved about, or too deep");
	return result;
}
