#include "config_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "conf/common/shell_word.h"
#include "config.h"

#define SUFFIX ".conf"

static void *wrong(struct diagnostics *diagnostics, const char *path, const char *text)
{
	diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL, "%s", text);
	return NULL;
}

/* Reports @what is wrong about who may change @path, and the command that fixes it. */
static bool distrust(
	const char *path, const char *what, const char *command, struct diagnostics *diagnostics)
{
	struct shell_word word;

	diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL, "%s; fix: `%s %s`", what,
		command, shell_word(&word, path));
	return false;
}

/* A file that root obeys must not be writable by anybody else. */
static bool is_trusted(const char *path, const struct stat *status, struct diagnostics *diagnostics)
{
	char what[64];

	if (geteuid() != 0)
		return true;
	if (status->st_uid != 0) {
		snprintf(what, sizeof what, "is owned by uid %u, expected root", status->st_uid);
		return distrust(path, what, "chown root", diagnostics);
	}
	if (status->st_mode & (S_IWGRP | S_IWOTH)) {
		snprintf(what, sizeof what, "is writable by users other than root (mode %04o)",
			status->st_mode & 07777);
		return distrust(path, what, "chmod go-w", diagnostics);
	}
	return true;
}

/* Reads all of @fd, up to CONFIG_SIZE_MAX + 1; @expected bytes, if nobody changes it. */
static char *read_all(int fd, off_t expected, size_t *size)
{
	size_t room = (size_t)(expected < CONFIG_SIZE_MAX ? expected : CONFIG_SIZE_MAX) + 1;
	size_t length = 0;
	char *text = malloc(room + 1), *larger;
	ssize_t got;

	while (text && (got = read(fd, text + length, room - length)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(text);
			return NULL;
		}
		length += (size_t)got;
		if (length < room)
			continue;
		if (room > CONFIG_SIZE_MAX)
			break;
		room = CONFIG_SIZE_MAX + 1;
		larger = realloc(text, room + 1);
		if (!larger)
			free(text);
		text = larger;
	}
	if (!text)
		return NULL;
	text[length] = '\0';
	*size = length;
	return text;
}

char *config_file_read(
	const char *path, const char *from, size_t *size, struct diagnostics *diagnostics)
{
	struct stat status;
	_cleanup_close_ int fd = open(from, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char *text;

	if (fd < 0 && errno == ENOENT && lstat(from, &status) == 0)
		return wrong(diagnostics, path, "is a link to a file that does not exist");
	if (fd < 0 || fstat(fd, &status) < 0) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL,
			"cannot be opened: %s", strerror(errno));
		return NULL;
	}
	if (!S_ISREG(status.st_mode))
		return wrong(diagnostics, path,
			S_ISDIR(status.st_mode) ? "is a directory, expected a file"
						: "is not a regular file (a FIFO, a socket or a "
						  "device), expected a file");
	if (!is_trusted(path, &status, diagnostics))
		return NULL;
	text = read_all(fd, status.st_size, size);
	if (!text) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL, "cannot be read: %s",
			strerror(errno));
		return NULL;
	}
	if (*size > CONFIG_SIZE_MAX) {
		free(text);
		return wrong(diagnostics, path, "is larger than 1 MiB");
	}
	return text;
}

static int compare(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool is_wanted(const char *name)
{
	size_t length = strlen(name), suffix = strlen(SUFFIX);

	/* not the leftovers of editors (.#x.conf, x.conf~) */
	return name[0] != '.' && length > suffix && !strcmp(name + length - suffix, SUFFIX);
}

/* A NULL-terminated list of paths. */
struct list {
	char **paths;
	size_t count;
};

/* Takes ownership of @path. */
static bool add(struct list *list, char *path)
{
	char **paths = path ? reallocarray(list->paths, list->count + 2, sizeof *paths) : NULL;

	if (!paths) {
		free(path);
		return false;
	}
	list->paths = paths;
	paths[list->count++] = path;
	paths[list->count] = NULL;
	return true;
}

static bool contains(const struct list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->paths[i], path))
			return true;
	return false;
}

/* Whether @path is that of a file that is wanted and lies in @directory. */
static bool lies_in(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return !strncmp(path, directory, length) && path[length] == '/' &&
	       !strchr(path + length + 1, '/') && is_wanted(path + length + 1);
}

/*
 * Whether it is a link to /dev/null, which is how systemd's drop-ins, and so these, are masked: as
 * if it were empty.
 */
static bool is_masked(DIR *directory, const struct dirent *entry)
{
	struct stat status;

	return (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) &&
	       fstatat(dirfd(directory), entry->d_name, &status, 0) == 0 &&
	       S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

static bool read_directory(struct list *list, DIR *directory, const char *path)
{
	struct dirent *entry;
	char *full;

	while (errno = 0, (entry = readdir(directory))) {
		if (!is_wanted(entry->d_name) || is_masked(directory, entry))
			continue;
		if (asprintf(&full, "%s/%s", path, entry->d_name) < 0 || !add(list, full))
			return false;
	}
	return errno == 0;
}

/* NULL with errno set on failure. */
static char **list_files(DIR *directory, const char *path, const char *more)
{
	struct list list = {.paths = calloc(1, sizeof(char *))};

	if (!list.paths || !read_directory(&list, directory, path) ||
		(more && lies_in(more, path) && !contains(&list, more) &&
			!add(&list, strdup(more)))) {
		while (list.count)
			free(list.paths[--list.count]);
		free(list.paths);
		return NULL;
	}
	qsort(list.paths, list.count, sizeof *list.paths, compare);
	return list.paths;
}

char **config_file_list(const char *path, const char *more, struct diagnostics *diagnostics)
{
	struct stat status;
	char **paths;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	DIR *directory;

	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0 || fstat(fd, &status) < 0) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL,
			"cannot be opened: %s", strerror(errno));
		cleanup_close(&fd);
		return NULL;
	}
	if (!is_trusted(path, &status, diagnostics)) {
		close(fd);
		return NULL;
	}
	directory = fdopendir(fd);
	paths = directory ? list_files(directory, path, more) : NULL;
	if (!paths)
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL, "cannot be read: %s",
			strerror(errno));
	if (directory)
		closedir(directory);
	else
		close(fd);
	return paths;
}

/* Adds to @list what keeps others from reading @path: the file itself, or a directory above it. */
static bool add_closed(struct list *list, const char *path)
{
	char *real = realpath(path, NULL), *slash;
	struct stat status;
	mode_t needed = 0;
	bool kept = true;

	/* missing files are reported when they are read */
	while (real && kept && stat(real, &status) == 0) {
		if (!needed)
			needed = S_ISDIR(status.st_mode) ? S_IROTH | S_IXOTH : S_IROTH;
		if ((status.st_mode & needed) != needed && !contains(list, real))
			kept = add(list, strdup(real));
		slash = strrchr(real, '/');
		if (slash == real)
			break;
		*slash = '\0';
		needed = S_IXOTH;
	}
	kept &= real || errno != ENOMEM;
	free(real);
	return kept;
}

char **config_file_closed(const char *path)
{
	struct diagnostics unsaid = DIAGNOSTICS_EMPTY; /* reported when the files are read */
	struct list list = {.paths = calloc(1, sizeof(char *))};
	char *directory = NULL, **files = NULL;
	bool kept = list.paths && asprintf(&directory, "%s.d", path) >= 0 &&
		    add_closed(&list, path) && add_closed(&list, directory);

	if (kept)
		files = config_file_list(directory, NULL, &unsaid);
	for (char **file = files; file && *file; file++) {
		kept = kept && add_closed(&list, *file);
		free(*file);
	}
	free(files);
	free(directory);
	diagnostics_free(&unsaid);
	if (kept)
		return list.paths;
	while (list.count)
		free(list.paths[--list.count]);
	free(list.paths);
	errno = ENOMEM;
	return NULL;
}

bool config_file_is_drop_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return is_wanted(slash ? slash + 1 : path);
}

/*
 * Whether the name looks as if the file were meant to be read: not a leftover, a disabled file or a
 * README.
 */
static bool looks_meant(const char *name)
{
	static const char *const endings[] = {".conf", ".cfg", ".ini", ".config", ".rules"};
	const char *dot = strrchr(name, '.');

	if (*name == '.' || is_wanted(name) || !strncasecmp(name, "readme", 6) ||
		name[strlen(name) - 1] == '~')
		return false;
	for (size_t i = 0; dot && i < ARRAY_SIZE(endings); i++)
		if (!strcasecmp(dot, endings[i]))
			return true;
	return !dot;
}

void config_file_lint(const char *path, struct diagnostics *diagnostics)
{
	_cleanup_free_ char *directory = NULL;
	const struct dirent *entry;
	struct stat status;
	DIR *entries;

	if (asprintf(&directory, "%s.d", path) < 0) {
		directory = NULL;
		diagnostics->lost = 1;
		return;
	}
	/* if it cannot be read, that is reported elsewhere */
	entries = opendir(directory);
	while (entries && (entry = readdir(entries))) {
		_cleanup_free_ char *file = NULL;

		if (!looks_meant(entry->d_name) ||
			fstatat(dirfd(entries), entry->d_name, &status, 0) < 0 ||
			!S_ISREG(status.st_mode))
			continue;
		if (asprintf(&file, "%s/%s", directory, entry->d_name) < 0) {
			file = NULL;
			diagnostics->lost = 1;
			continue;
		}
		diagnostics_add(diagnostics, SEVERITY_WARNING, file, 0, 0, NULL,
			"is not read: names of drop-ins must end in " SUFFIX);
	}
	if (entries)
		closedir(entries);
}
