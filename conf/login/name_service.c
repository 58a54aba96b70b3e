#include "name_service.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NSSWITCH "/etc/nsswitch.conf"
#define ACCOUNT_START ((size_t)4096)
/*
 * room for 5,000 members, with a pointer for each: a second attempt with more room would make a
 * service without a cache ask its server again
 */
#define GROUP_START ((size_t)256 << 10)

void nss_free(struct nss_room *room)
{
	free(room->bytes);
	*room = (struct nss_room){0};
}

void nss_services(const char *database, char *services, size_t size)
{
	FILE *file = fopen(NSSWITCH, "re");
	size_t length = strlen(database);
	char line[512], *cursor, *word;

	*services = '\0';
	while (file && fgets(line, sizeof line, file)) {
		line[strcspn(line, "#\n")] = '\0';
		cursor = line + strspn(line, " \t");
		if (strncmp(cursor, database, length) != 0)
			continue;
		cursor += length + strspn(cursor + length, " \t");
		if (*cursor++ != ':')
			continue;
		*services = '\0';
		while ((word = strtok_r(NULL, " \t", &cursor))) {
			bool action = *word == '[' || strchr(word, ']') || strchr(word, '=');
			size_t used = strlen(services);

			if (!action)
				snprintf(services + used, size - used, "%s%s", used ? " " : "",
					word);
		}
	}
	if (file)
		fclose(file);
}

/*
 * "Not found" is a null result with errno 0 (POSIX; true of glibc and musl).  getpwnam(3) also
 * lists ENOENT, ESRCH, EBADF and EPERM, which other systems return; here each of them comes from a
 * service of nsswitch.conf that could not answer (ENOENT if nslcd does not run), and so is a
 * failure.  It is never returned as -ENOENT, which means that no such entry exists.  The result is
 * that of the service that was asked last.
 */
static int failed(struct error *error, int errnum, const char *database, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int failed(struct error *error, int errnum, const char *database, const char *format, ...)
{
	char what[256], services[128], *last;
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	if (errnum == ENOMEM)
		return error_errno(error, ENOMEM, "cannot look up %s: NSS failed", what);
	if (errnum == ERANGE)
		return error_set(error, ERANGE,
			"cannot look up %s: NSS failed: its entry is larger than %zu MiB", what,
			(strcmp(database, "group") ? NSS_ACCOUNT_MAX : NSS_GROUP_MAX) >> 20);
	nss_services(database, services, sizeof services);
	last = strrchr(services, ' ');
	last = last ? last + 1 : services;
	error_errno(error, errnum, "cannot look up %s: NSS failed%s%s (%s in nsswitch.conf)", what,
		*last ? " at the service " : "", last, database);
	return errnum == ENOENT ? -EIO : -errnum;
}

/*
 * Whether to ask again after @result, an errno: it was interrupted, or needs more room, which has
 * been made.  On false *@result is the errno to give up with.
 */
static bool again(struct nss_room *room, size_t most, int *result)
{
	size_t size = room->size * 4;
	char *larger;

	if (*result == EINTR)
		return true;
	if (*result != ERANGE || room->size >= most)
		return false;
	larger = realloc(room->bytes, size);
	if (!larger) {
		*result = ENOMEM;
		return false;
	}
	room->bytes = larger;
	room->size = size;
	return true;
}

/* Allocates the first buffer, before any lookup: 0 or an errno. */
static int make_room(struct nss_room *room, size_t size)
{
	if (room->size)
		return 0;
	room->bytes = malloc(size);
	if (!room->bytes)
		return ENOMEM;
	room->size = size;
	return 0;
}

int nss_group_by_name(
	struct nss_room *room, const char *name, struct group *entry, struct error *error)
{
	struct group *found = NULL;
	int result = make_room(room, GROUP_START);

	if (!result)
		do
			result = getgrnam_r(name, entry, room->bytes, room->size, &found);
		while (again(room, NSS_GROUP_MAX, &result));
	if (found)
		return 1;
	return result ? failed(error, result, "group", "group '%.200s'", name) : 0;
}

int nss_group_by_gid(struct nss_room *room, gid_t gid, struct group *entry, struct error *error)
{
	struct group *found = NULL;
	int result = make_room(room, GROUP_START);

	if (!result)
		do
			result = getgrgid_r(gid, entry, room->bytes, room->size, &found);
		while (again(room, NSS_GROUP_MAX, &result));
	if (found)
		return 1;
	return result ? failed(error, result, "group", "group %u", gid) : 0;
}

int nss_account(struct nss_room *room, const char *name, uid_t uid, struct passwd *entry,
	struct error *error)
{
	struct passwd *found = NULL;
	int result = make_room(room, ACCOUNT_START);

	if (!result)
		do
			result = name ? getpwnam_r(name, entry, room->bytes, room->size, &found)
				      : getpwuid_r(uid, entry, room->bytes, room->size, &found);
		while (again(room, NSS_ACCOUNT_MAX, &result));
	if (found)
		return 1;
	if (!result)
		return 0;
	return name ? failed(error, result, "passwd", "account '%.200s'", name)
		    : failed(error, result, "passwd", "account 'uid %u'", uid);
}
