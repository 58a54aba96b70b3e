/*
 * libnss_standin.so.2 - a directory service for the stage: `standin` in nsswitch.conf.
 *
 * Its entries are in /run/standin/passwd and /run/standin/group, in the format of those in /etc.
 * Each call appends a line to /run/standin/log, such as "getgrnam staff".  /run/standin/mode is one
 * of
 *
 *	up         answers
 *	down       fails, like a service whose daemon is not running
 *	down CODE  the same with an errno of its own
 *	hang       does not answer until the mode changes
 *	slow MS    answers after that time
 *	fold       answers to names in any case, as sssd's case_sensitive = false does
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define DIRECTORY "/run/standin/"
#define CALL __attribute__((visibility("default")))

static void read_mode(char *mode, size_t size)
{
	int fd = open(DIRECTORY "mode", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, mode, size - 1);

	mode[length > 0 ? length : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void note(const char *call, const char *what)
{
	char line[300];
	int length = snprintf(line, sizeof line, "%s %s\n", call, what);
	int fd = open(DIRECTORY "log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	if (write(fd, line, (size_t)length) != length)
		abort();
	close(fd);
}

/* Whether it answers. */
static enum nss_status begin(const char *call, const char *what, int *errnum)
{
	char mode[64];

	note(call, what);
	for (read_mode(mode, sizeof mode); !strncmp(mode, "hang", 4); read_mode(mode, sizeof mode))
		usleep(20000);
	if (!strncmp(mode, "slow ", 5))
		usleep((useconds_t)atoi(mode + 5) * 1000);
	if (strncmp(mode, "down", 4) != 0)
		return NSS_STATUS_SUCCESS;
	*errnum = mode[4] == ' ' ? atoi(mode + 5) : ECONNREFUSED;
	return NSS_STATUS_UNAVAIL;
}

static bool folds(void)
{
	char mode[64];

	read_mode(mode, sizeof mode);
	return !strncmp(mode, "fold", 4);
}

static bool same(const char *a, const char *b, bool fold)
{
	return fold ? !strcasecmp(a, b) : !strcmp(a, b);
}

/* After searching a file: @result of f*ent_r(3), or that no entry matched. */
static enum nss_status end(FILE *file, int result, int *errnum)
{
	if (file)
		fclose(file);
	if (!result)
		return NSS_STATUS_SUCCESS;
	*errnum = result;
	return result == ERANGE ? NSS_STATUS_TRYAGAIN : NSS_STATUS_NOTFOUND;
}

static enum nss_status find_account(
	const char *name, uid_t uid, struct passwd *entry, char *buffer, size_t size, int *errnum)
{
	FILE *file = fopen(DIRECTORY "passwd", "re");
	struct passwd *found;
	int result = ENOENT;
	bool fold = folds();

	while (file && (result = fgetpwent_r(file, entry, buffer, size, &found)) == 0)
		if (name ? same(entry->pw_name, name, fold) : entry->pw_uid == uid)
			break;
	return end(file, result, errnum);
}

static enum nss_status find_group(
	const char *name, gid_t gid, struct group *entry, char *buffer, size_t size, int *errnum)
{
	FILE *file = fopen(DIRECTORY "group", "re");
	struct group *found;
	int result = ENOENT;
	bool fold = folds();

	while (file && (result = fgetgrent_r(file, entry, buffer, size, &found)) == 0)
		if (name ? same(entry->gr_name, name, fold) : entry->gr_gid == gid)
			break;
	return end(file, result, errnum);
}

static const char *number(unsigned value)
{
	static char text[16];

	snprintf(text, sizeof text, "%u", value);
	return text;
}

#define ANSWERS(call, what)                                          \
	do {                                                         \
		enum nss_status status_ = begin(call, what, errnum); \
                                                                     \
		if (status_ != NSS_STATUS_SUCCESS)                   \
			return status_;                              \
	} while (0)

CALL enum nss_status _nss_standin_getpwnam_r(
	const char *name, struct passwd *entry, char *buffer, size_t size, int *errnum);
CALL enum nss_status _nss_standin_getpwnam_r(
	const char *name, struct passwd *entry, char *buffer, size_t size, int *errnum)
{
	ANSWERS("getpwnam", name);
	return find_account(name, 0, entry, buffer, size, errnum);
}

CALL enum nss_status _nss_standin_getpwuid_r(
	uid_t uid, struct passwd *entry, char *buffer, size_t size, int *errnum);
CALL enum nss_status _nss_standin_getpwuid_r(
	uid_t uid, struct passwd *entry, char *buffer, size_t size, int *errnum)
{
	ANSWERS("getpwuid", number(uid));
	return find_account(NULL, uid, entry, buffer, size, errnum);
}

CALL enum nss_status _nss_standin_getgrnam_r(
	const char *name, struct group *entry, char *buffer, size_t size, int *errnum);
CALL enum nss_status _nss_standin_getgrnam_r(
	const char *name, struct group *entry, char *buffer, size_t size, int *errnum)
{
	ANSWERS("getgrnam", name);
	return find_group(name, 0, entry, buffer, size, errnum);
}

CALL enum nss_status _nss_standin_getgrgid_r(
	gid_t gid, struct group *entry, char *buffer, size_t size, int *errnum);
CALL enum nss_status _nss_standin_getgrgid_r(
	gid_t gid, struct group *entry, char *buffer, size_t size, int *errnum)
{
	ANSWERS("getgrgid", number(gid));
	return find_group(NULL, gid, entry, buffer, size, errnum);
}

static int is_member(const struct group *entry, const char *user)
{
	for (char **member = entry->gr_mem; *member; member++)
		if (!strcmp(*member, user))
			return 1;
	return 0;
}

CALL enum nss_status _nss_standin_initgroups_dyn(const char *user, gid_t group, long *start,
	long *size, gid_t **groups, long limit, int *errnum);
CALL enum nss_status _nss_standin_initgroups_dyn(const char *user, gid_t group, long *start,
	long *size, gid_t **groups, long limit, int *errnum)
{
	static char buffer[1 << 20];
	struct group entry, *found;
	FILE *file;

	(void)limit;
	ANSWERS("initgroups", user);
	file = fopen(DIRECTORY "group", "re");
	while (file && fgetgrent_r(file, &entry, buffer, sizeof buffer, &found) == 0) {
		if (entry.gr_gid == group || !is_member(&entry, user))
			continue;
		if (*start == *size) {
			gid_t *larger = realloc(*groups, 2 * (size_t)*size * sizeof **groups);

			if (!larger)
				break;
			*groups = larger;
			*size *= 2;
		}
		(*groups)[(*start)++] = entry.gr_gid;
	}
	if (file)
		fclose(file);
	return NSS_STATUS_SUCCESS;
}
