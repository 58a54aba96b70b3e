/*
 * Which groups a user is in, as far as NSS knows, with as few lookups as possible.
 *
 * getgrouplist(3) gives the gids.  Either all their names are looked up or only the gids of the
 * names that the rules use, whichever is cheaper: with rules for two groups and a user in two
 * hundred, those two.  Never both ways, and nothing twice.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/common/cleanup.h"
#include "login.h"

#define GROUPS_START 512 /* more than most users have: a retry with more room is a second request */
#define GROUP_OF_NOBODY ((gid_t)-3)
#define GROUPS_ANSWERS 3
#define GROUPS_MAX 65536 /* the kernel's own limit, NGROUPS_MAX */

/* A group that was looked up by name. */
struct login_asked {
	char *name;
	enum truth answer;
};

/* ---- failures, and the proof that there were none ---- */

static void note_failure(struct login *login, int result, const struct error *error)
{
	if (login->services >= 0)
		login->trouble = *error;
	login->services = result;
}

/* A group that no service knows has been asked of every service. */
static void note_answer(struct login *login)
{
	if (!login->services)
		login->services = 1;
}

static void note_memory(struct login *login)
{
	struct error error;

	note_failure(login, error_set(&error, ENOMEM, "no memory for the groups"), &error);
}

void login_distrust_groups(struct login *login, const char *why)
{
	struct error error;

	note_failure(login, error_set(&error, ETIMEDOUT, "%s", why), &error);
}

/*
 * getgrouplist(3) hides that a service failed: it leaves its groups out.  So if no other answer has
 * shown it yet, we look up a group that does not exist, which asks every service; the last one
 * asked determines the result.
 */
static bool all_answered(struct login *login)
{
	struct error error = {0};
	struct group entry;
	int result;

	if (!login->services) {
		result = nss_group_by_gid(&login->room, GROUP_OF_NOBODY, &entry, &error);
		if (result < 0)
			note_failure(login, result, &error);
		else
			note_answer(login);
	}
	return login->services > 0;
}

/* ---- the gids ---- */

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
		/* if they do not fit it returns how much room it needs; not all C libraries do */
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

/*
 * The groups in two consecutive identical answers: a transient failure (ENOMEM), which NSS hides,
 * does not happen twice.
 */
static int agree(struct login *login, struct error *error)
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

int login_group_ids(struct login *login, struct error *error)
{
	struct error cause = {0};

	if (!login->group_ids) {
		int result = agree(login, &cause);

		if (result < 0)
			note_failure(login, result, &cause);
	}
	if (login->group_ids)
		return 0;
	if (error)
		*error = login->trouble;
	return login->services;
}

static bool has_gid(const struct login *login, gid_t gid)
{
	for (size_t i = 0; i < login->group_count; i++)
		if (login->group_ids[i] == gid)
			return true;
	return false;
}

/* ---- the names of the gids ---- */

/*
 * The name of @gid, to be freed, or its number where it has none; NULL: it cannot be told.  Asked
 * twice: NSS hides it where a service of nsswitch.conf failed and a later one knows nothing, and a
 * rule for that group would not match.  A transient failure (ENOMEM) does not happen twice.  A
 * lasting one is seen by all_answered if it is the last service's, and by nobody if it is not.
 */
static char *name_of(struct login *login, gid_t gid)
{
	struct error error = {0};
	struct group entry;
	char *name = NULL;
	int result = nss_group_by_gid(&login->room, gid, &entry, &error);

	if (!result)
		result = nss_group_by_gid(&login->room, gid, &entry, &error);
	if (result < 0) {
		note_failure(login, result, &error);
		return NULL;
	}
	if (result)
		name = strdup(entry.gr_name);
	else if (asprintf(&name, "%u", gid) < 0)
		name = NULL;
	if (!name)
		note_memory(login);
	else if (!result)
		note_answer(login);
	return name;
}

/* The name of the group at @index; each is looked up once.  NULL: unknown. */
static const char *name_at(struct login *login, size_t index)
{
	if (login->groups_known)
		return login->group_names[index];
	if (!login->group_names)
		login->group_names = calloc(login->group_count, sizeof *login->group_names);
	if (!login->group_names) {
		note_memory(login);
		return NULL;
	}
	for (; login->names_asked <= index; login->names_asked++)
		login->group_names[login->names_asked] =
			name_of(login, login->group_ids[login->names_asked]);
	return login->group_names[index];
}

int login_groups(struct login *login, struct error *error)
{
	bool told;

	if (login->groups_known)
		return 0;
	told = login_group_ids(login, NULL) == 0;
	for (size_t i = 0; told && i < login->group_count; i++)
		name_at(login, i);
	if (told && all_answered(login))
		login->groups_known = true;
	else
		*error = login->trouble;
	return login->groups_known ? 0 : login->services;
}

int login_primary_group(struct login *login, char **name, struct error *error)
{
	for (size_t i = 0; login->groups_known && i < login->group_count; i++)
		if (login->group_ids[i] == login->gid)
			*name = strdup(login->group_names[i]);
	if (login->groups_known && !*name)
		return error_set(
			error, ENOENT, "'%s' is not in its own primary group", login->user);
	if (!*name)
		*name = login->uid ? name_of(login, login->gid) : NULL;
	/* a failure that a user can cause must not change the name */
	if (!*name && login->services == -ENOMEM) {
		*error = login->trouble;
		return login->services;
	}
	if (!*name && asprintf(name, "gid-%u", login->gid) < 0) {
		*name = NULL;
		return error_set(error, ENOMEM, "no memory for a group");
	}
	return 0;
}

/* ---- the gids of names ---- */

/* @name is a number: the group with that gid, if it has no name. */
static enum truth answer_by_number(struct login *login, const char *name)
{
	char number[16];

	for (size_t i = 0; i < login->group_count; i++) {
		_cleanup_free_ char *own = NULL;

		snprintf(number, sizeof number, "%u", login->group_ids[i]);
		if (strcmp(number, name) != 0)
			continue;
		own = name_of(login, login->group_ids[i]);
		return !own ? TRUTH_UNKNOWN : strcmp(own, name) ? TRUTH_NO : TRUTH_YES;
	}
	return TRUTH_NO;
}

static enum truth ask_by_name(struct login *login, const char *name)
{
	struct error error = {0};
	struct group entry;
	int result = nss_group_by_name(&login->room, name, &entry, &error);

	/* twice, for the same reason as in name_of */
	if (!result)
		result = nss_group_by_name(&login->room, name, &entry, &error);
	if (result < 0) {
		note_failure(login, result, &error);
		return TRUTH_UNKNOWN;
	}
	if (!result) {
		note_answer(login);
		return login->services > 0 ? answer_by_number(login, name) : TRUTH_UNKNOWN;
	}
	/* a service that ignores case, or adds a domain: the group's real name differs */
	if (strcmp(entry.gr_name, name) != 0)
		return TRUTH_NO;
	if (has_gid(login, entry.gr_gid))
		return TRUTH_YES;
	return all_answered(login) ? TRUTH_NO : TRUTH_UNKNOWN;
}

static enum truth answer_by_name(struct login *login, const char *name)
{
	struct login_asked *asked;
	size_t count = login->asked_count;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(login->asked[i].name, name))
			return login->asked[i].answer;
	asked = reallocarray(login->asked, count + 1, sizeof *asked);
	if (asked)
		login->asked = asked;
	if (!asked || !(asked[count].name = strdup(name))) {
		note_memory(login);
		return TRUTH_UNKNOWN;
	}
	login->asked_count++;
	return asked[count].answer = ask_by_name(login, name);
}

/* ---- either way ---- */

/*
 * Must agree with answer_by_name, so that the result does not depend on how NSS was asked: a local
 * group can hide one of the same name in the directory.  If that cannot be asked for, the name of
 * the gid has to do.
 */
static enum truth answer_by_gids(struct login *login, const char *name)
{
	bool told = true;

	for (size_t i = 0; i < login->group_count; i++) {
		const char *own = name_at(login, i);

		if (own && !strcmp(own, name))
			return login->groups_known || answer_by_name(login, name) != TRUTH_NO
				       ? TRUTH_YES
				       : TRUTH_NO;
		told &= own != NULL;
	}
	if (login->groups_known)
		return TRUTH_NO;
	return told && all_answered(login) ? TRUTH_NO : TRUTH_UNKNOWN;
}

enum truth login_in_group(struct login *login, const char *name)
{
	if (!login->groups_known && login_group_ids(login, NULL) < 0)
		return TRUTH_UNKNOWN;
	if (!login->group_names && login->rules_groups <= login->group_count)
		return answer_by_name(login, name);
	return answer_by_gids(login, name);
}

int login_group_exists(const char *name, char *called, size_t size, struct error *error)
{
	struct nss_room room = {0};
	struct group entry;
	int result = nss_group_by_name(&room, name, &entry, error);

	if (result > 0)
		snprintf(called, size, "%s", entry.gr_name);
	if (result > 0 && !strcmp(called, name) &&
		nss_group_by_gid(&room, entry.gr_gid, &entry, error) > 0 &&
		strcmp(entry.gr_name, name) != 0) {
		snprintf(called, size, "%s", entry.gr_name);
		result = 2;
	}
	nss_free(&room);
	return result;
}

void login_forget_groups(struct login *login)
{
	for (size_t i = 0; login->group_names && i < login->group_count; i++)
		free(login->group_names[i]);
	for (size_t i = 0; i < login->asked_count; i++)
		free(login->asked[i].name);
	free(login->group_names);
	free(login->group_ids);
	free(login->asked);
	nss_free(&login->room);
}
