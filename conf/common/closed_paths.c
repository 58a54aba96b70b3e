#include "closed_paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"

#define LINKS_MAX 40 /* as the kernel follows: path_resolution(7) */

/*
 * Written when a session was opened: records of logins (utmp, wtmp, lastlog and their successors),
 * terminals, the log, what pam_motd, pam_faillock and pam_timestamp keep, sockets of forwarded
 * agents; our own sockets; and what pam_systemd connects to.
 */
static const char *const needed[] = {
	"/dev/log",
	"/dev/pts",
	"/proc/self",
	"/run/faillock",
	"/run/motd.dynamic",
	"/run/nsisolate",
	"/run/pam_timestamp",
	"/run/systemd",
	"/run/utmp",
	"/run/utmps",
	"/tmp",
	"/var/lib/lastlog",
	"/var/lib/wtmpdb",
	"/var/log",
	"/var/run",
};

bool closed_paths_next(const char **list, char *path)
{
	size_t length;

	*list += strspn(*list, ",");
	length = strcspn(*list, ",");
	if (!length || length > POLICY_PATHS_MAX)
		return false;
	memcpy(path, *list, length);
	path[length] = '\0';
	*list += length;
	return true;
}

/* Whether @path is @directory, or below it. */
static bool is_below(const char *path, const char *directory)
{
	size_t length = directory[1] ? strlen(directory) : 0;

	return !strncmp(path, directory, length) && (!path[length] || path[length] == '/');
}

const char *closed_path_conflict(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (is_below(path, needed[i]) || is_below(needed[i], path))
			return needed[i];
	return NULL;
}

/* A path that is followed: the part that has been, without links, and the rest. */
struct walk {
	char real[POLICY_PATHS_MAX + 3]; /* "" is "/"; and room for "/." */
	char rest[POLICY_PATHS_MAX + 1];
	unsigned links;
	uid_t root;
};

/* Whether nobody but root can change what is in the directory that the walk has come to. */
static int check_directory(struct walk *walk, struct error *error)
{
	size_t length = strlen(walk->real);
	struct stat status;
	int result;

	strcpy(walk->real + length, "/."); /* this also enters an automount */
	result = stat(walk->real, &status);
	walk->real[length + !length] = '\0';
	if (result < 0)
		result = error_errno(
			error, errno == ENOTDIR ? ENOENT : errno, "cannot look at %s", walk->real);
	else if (status.st_uid != walk->root || status.st_mode & (S_IWGRP | S_IWOTH))
		result = error_set(error, EPERM,
			"others than root can change what is in %s, and so lead this path "
			"elsewhere: name that directory itself",
			walk->real);
	walk->real[length] = '\0';
	return result;
}

static void leave_directory(struct walk *walk)
{
	char *slash = strrchr(walk->real, '/');

	if (slash)
		*slash = '\0';
}

/* Puts the link's @target before the rest. */
static int follow(struct walk *walk, const char *target, const char *rest)
{
	char whole[sizeof walk->rest];

	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)snprintf(whole, sizeof whole, "%s/%s", target, rest) >= sizeof whole)
		return -ENAMETOOLONG;
	strcpy(walk->rest, whole);
	if (*target == '/')
		*walk->real = '\0';
	else
		leave_directory(walk);
	return 0;
}

/* One more name; 1: there was one, 0: the end. */
static int step(struct walk *walk, struct error *error)
{
	const char *name = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(name, "/"), have = strlen(walk->real);
	char target[sizeof walk->rest];
	ssize_t got;
	int result;

	if (!length)
		return 0;
	result = check_directory(walk, error);
	if (result < 0)
		return result;
	if (length == 2 && !memcmp(name, "..", 2))
		leave_directory(walk);
	else if (length != 1 || *name != '.') {
		if (have + length + 1 > POLICY_PATHS_MAX)
			return error_errno(error, ENAMETOOLONG, "cannot follow %s", walk->real);
		snprintf(walk->real + have, sizeof walk->real - have, "/%.*s", (int)length, name);
		got = readlink(walk->real, target, sizeof target - 1);
		if (got >= 0) {
			target[got] = '\0';
			result = got < (ssize_t)sizeof target - 1
					 ? follow(walk, target, name + length)
					 : -ENAMETOOLONG;
			return result < 0
				       ? error_errno(error, -result, "cannot follow %s", walk->real)
				       : 1;
		}
		if (errno != EINVAL)
			return error_errno(error, errno, "cannot look at %s", walk->real);
	}
	memmove(walk->rest, name + length, strlen(name + length) + 1);
	return 1;
}

int closed_path_check(const char *path, struct error *error)
{
	struct walk walk = {.links = 0};
	struct stat root;
	const char *place;
	int result;

	if (*path != '/' || strlen(path) >= sizeof walk.rest)
		return error_set(error, EINVAL, "%.64s: expected an absolute path", path);
	if (stat("/", &root) < 0)
		return error_errno(error, errno, "cannot look at /");
	strcpy(walk.rest, path);
	walk.root = root.st_uid;
	do
		result = step(&walk, error);
	while (result > 0);
	if (result < 0)
		return result;
	place = closed_path_conflict(*walk.real ? walk.real : "/");
	return place ? error_set(error, EBUSY, "%s leads to %s: " CLOSED_PATH_CONFLICT, path,
			       *walk.real ? walk.real : "/", place)
		     : 0;
}

bool closed_paths_have_read_only(void)
{
	return syscall(SYS_mount_setattr, -1, "", 0, NULL, 0) == 0 || errno != ENOSYS;
}
