#include "login.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cleanup.h"

#define BUFFER_START 1024
#define BUFFER_MAX (1 << 20)
#define GROUPS_START 64
#define GROUP_OF_NOBODY ((gid_t)-3)
#define GROUPS_ANSWERS 3
#define GROUPS_MAX 65536 /* the kernel's own limit, NGROUPS_MAX */

/*
 * Not found is no result and 0 (POSIX; glibc and musl keep to it).  getpwnam(3) also lists ENOENT,
 * ESRCH, EBADF and EPERM, as what other systems return; here each of them comes from a service of
 * nsswitch.conf that could not answer (nslcd that does not run is ENOENT), and that is a failure.
 * It is never returned as -ENOENT, which says that there is no such account.
 */
static int nss_failed(struct error *error, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int nss_failed(struct error *error, int errnum, const char *format, ...)
{
	char what[300];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	error_errno(error, errnum, "cannot look up %s: NSS failed, see nsswitch.conf", what);
	return errnum == ENOENT ? -EIO : -errnum;
}

/* Doubles @buffer; false when it is as large as it may get, or memory ran out. */
static bool grow(char **buffer, size_t *size)
{
	char *larger;

	if (*size >= BUFFER_MAX)
		return false;
	larger = realloc(*buffer, *size * 2);
	if (!larger)
		return false;
	*buffer = larger;
	*size *= 2;
	return true;
}

static int fill(struct login *login, const struct passwd *entry, struct error *error)
{
	uint32_t id;

	*login = (struct login){.uid = entry->pw_uid, .gid = entry->pw_gid};
	login->user = strdup(entry->pw_name);
	login->home = strdup(entry->pw_dir ? entry->pw_dir : "/");
	login->shell = strdup(entry->pw_shell ? entry->pw_shell : "");
	if (!login->user || !login->home || !login->shell) {
		login_free(login);
		return error_set(error, ENOMEM, "no memory for the account");
	}
	if (getrandom(&id, sizeof id, 0) != sizeof id) {
		login_free(login);
		return error_errno(error, errno, "cannot make up an id for the session");
	}
	snprintf(login->id, sizeof login->id, "%08" PRIx32, id);
	return 0;
}

/* By name, or by uid where @user is NULL. */
static int look_up(struct login *login, const char *user, uid_t uid, struct error *error)
{
	size_t size = BUFFER_START;
	_cleanup_free_ char *buffer = malloc(size);
	struct passwd entry, *found = NULL;
	char name[32];
	int result;

	*login = (struct login){0};
	snprintf(name, sizeof name, "uid %u", uid);
	do {
		if (!buffer)
			return error_set(error, ENOMEM, "no memory for the account");
		result = user ? getpwnam_r(user, &entry, buffer, size, &found)
			      : getpwuid_r(uid, &entry, buffer, size, &found);
	} while (result == EINTR || (result == ERANGE && grow(&buffer, &size)));
	if (found)
		return fill(login, found, error);
	if (!result)
		return error_set(error, ENOENT, "there is no account '%s'", user ? user : name);
	return nss_failed(error, result, "account '%s'", user ? user : name);
}

int login_by_name(struct login *login, const char *user, struct error *error)
{
	return look_up(login, user, 0, error);
}

int login_by_uid(struct login *login, uid_t uid, struct error *error)
{
	return look_up(login, NULL, uid, error);
}

/* 1 with the name of @gid, 0 where NSS knows none, or a negative errno. */
static int look_up_group(gid_t gid, char **name, struct error *error)
{
	size_t size = BUFFER_START;
	_cleanup_free_ char *buffer = malloc(size);
	struct group entry, *found = NULL;
	int result;

	do {
		if (!buffer)
			return error_set(error, ENOMEM, "no memory for a group");
		result = getgrgid_r(gid, &entry, buffer, size, &found);
	} while (result == EINTR || (result == ERANGE && grow(&buffer, &size)));
	if (!found)
		return result ? nss_failed(error, result, "group %u", gid) : 0;
	*name = strdup(found->gr_name);
	return *name ? 1 : error_set(error, ENOMEM, "no memory for a group");
}

/*
 * The name of @gid, or its number where it has none.  Asked twice: NSS hides it where a service of
 * nsswitch.conf failed and a later one knows nothing, and a rule for that group would not match.
 * What failed for a moment's want of memory does not fail again.  What goes on failing is seen by
 * services_answer where it is the last service, and by nobody where it is not.
 */
static int group_name(gid_t gid, char **name, struct error *error)
{
	int result = look_up_group(gid, name, error);

	if (!result)
		result = look_up_group(gid, name, error);
	if (result)
		return result < 0 ? result : 0;
	if (asprintf(name, "%u", gid) < 0) {
		*name = NULL;
		return error_set(error, ENOMEM, "no memory for a group");
	}
	return 0;
}

int login_group_exists(const char *name, struct error *error)
{
	size_t size = BUFFER_START;
	_cleanup_free_ char *buffer = malloc(size);
	struct group entry, *found = NULL;
	int result;

	do {
		if (!buffer)
			return error_set(error, ENOMEM, "no memory for a group");
		result = getgrnam_r(name, &entry, buffer, size, &found);
	} while (result == EINTR || (result == ERANGE && grow(&buffer, &size)));
	return result ? nss_failed(error, result, "group '%s'", name) : found != NULL;
}

/* One answer of getgrouplist(3), to be freed; NULL with @result and @error. */
static gid_t *ask_groups(const struct login *login, size_t *count, int *result, struct error *error)
{
	int room = GROUPS_START, capacity;
	gid_t *ids = NULL, *larger;

	do {
		capacity = room;
		larger = reallocarray(ids, (size_t)capacity, sizeof *ids);
		if (!larger) {
			free(ids);
			*result = error_set(error, ENOMEM, "no memory for the groups");
			return NULL;
		}
		ids = larger;
		/* when there is no room it says how much it needs; not all libraries do */
		if (getgrouplist(login->user, login->gid, ids, &room) >= 0) {
			*count = (size_t)room;
			return ids;
		}
		if (room <= capacity)
			room = capacity * 2;
	} while (room <= GROUPS_MAX);
	free(ids);
	*result =
		error_set(error, ERANGE, "'%s' is in more than %d groups", login->user, GROUPS_MAX);
	return NULL;
}

/* The groups that two answers in a row agree upon, for the same reason as in group_name. */
static int group_ids(struct login *login, struct error *error)
{
	for (int answers = 0; answers < GROUPS_ANSWERS; answers++) {
		int result = 0;
		size_t count = 0;
		gid_t *ids = ask_groups(login, &count, &result, error);

		if (!ids)
			return result;
		if (login->group_ids && count == login->group_count &&
			!memcmp(ids, login->group_ids, count * sizeof *ids)) {
			free(ids);
			return 0;
		}
		free(login->group_ids);
		login->group_ids = ids;
		login->group_count = count;
	}
	return error_set(error, EIO, "the groups of '%s' change from one answer of NSS to the next",
		login->user);
}

/*
 * getgrouplist(3) hides that a service failed: it leaves its groups out.  So each is asked for a
 * group that nobody has; the last one that was asked decides what comes back.
 */
static int services_answer(struct error *error)
{
	_cleanup_free_ char *name = NULL;
	int result = look_up_group(GROUP_OF_NOBODY, &name, error);

	return result < 0 ? result : 0;
}

static void free_groups(struct login *login)
{
	for (size_t i = 0; login->group_names && i < login->group_count; i++)
		free(login->group_names[i]);
	free(login->group_names);
	free(login->group_ids);
	login->group_names = NULL;
	login->group_ids = NULL;
	login->group_count = 0;
	login->groups_known = false;
}

int login_groups(struct login *login, struct error *error)
{
	int result;

	if (login->groups_known)
		return 0;
	result = services_answer(error);
	if (!result)
		result = group_ids(login, error);
	if (!result) {
		login->group_names = calloc(login->group_count, sizeof *login->group_names);
		if (!login->group_names)
			result = error_set(error, ENOMEM, "no memory for the groups");
	}
	for (size_t i = 0; !result && i < login->group_count; i++)
		result = group_name(login->group_ids[i], &login->group_names[i], error);
	if (result < 0) {
		free_groups(login);
		return result;
	}
	login->groups_known = true;
	return 0;
}

void login_free(struct login *login)
{
	free_groups(login);
	free(login->user);
	free(login->home);
	free(login->shell);
	*login = (struct login){0};
}
