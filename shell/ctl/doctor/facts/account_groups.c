/*
 * account_groups.c - the groups of all accounts at once.  For the groups of one account NSS reads
 * all of /etc/group, several times, and most accounts have a group of their own there: that would
 * be quadratic.
 */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "conf/login/name_service.h"

#define GROUP_OF_NOBODY ((gid_t)-3)

struct known_group {
	gid_t gid;
	char *name;
};

struct known_groups {
	struct known_group *list;
	size_t count;
};

static int by_gid(const void *a, const void *b)
{
	const struct known_group *one = a, *other = b;

	return (one->gid > other->gid) - (one->gid < other->gid);
}

static int by_name(const void *a, const void *b)
{
	const struct known_group *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static bool add_group(struct known_groups *groups, const struct group *entry)
{
	struct known_group *list = reallocarray(groups->list, groups->count + 1, sizeof *list);

	if (!list)
		return false;
	groups->list = list;
	list[groups->count] = (struct known_group){entry->gr_gid, strdup(entry->gr_name)};
	if (!list[groups->count].name)
		return false;
	groups->count++;
	return true;
}

/* Adds @gid to the account's, once. */
static bool join(struct login *login, gid_t gid)
{
	gid_t *ids;

	for (size_t i = 0; i < login->group_count; i++)
		if (login->group_ids[i] == gid)
			return true;
	ids = reallocarray(login->group_ids, login->group_count + 1, sizeof *ids);
	if (!ids)
		return false;
	login->group_ids = ids;
	ids[login->group_count++] = gid;
	return true;
}

/* Reads the groups that NSS lists into @groups and into the accounts' gids. */
static bool list_groups(struct people *people, struct known_groups *groups)
{
	const struct group *entry;
	bool done = true;

	setgrent();
	while (done && (entry = getgrent())) {
		done = add_group(groups, entry);
		for (char **user = entry->gr_mem; done && *user; user++) {
			const struct person *member = people_find(people, *user);

			if (member)
				done = join(
					&people->list[member - people->list].login, entry->gr_gid);
		}
	}
	endgrent();
	return done;
}

/*
 * A list cut short by an error looks like a short one, but a service that failed fails here, too.
 */
static bool all_answer(void)
{
	struct nss_room room = {0};
	struct group entry;
	struct error error;
	int result = nss_group_by_gid(&room, GROUP_OF_NOBODY, &entry, &error);

	nss_free(&room);
	return result >= 0;
}

/*
 * Whether each group has one name and each name one group in all services; sorts by gid.  Otherwise
 * the result depends on how NSS is asked.
 */
static bool are_plain(struct known_groups *groups)
{
	struct known_group *list = groups->list;
	bool plain = groups->count > 0;

	if (plain)
		qsort(list, groups->count, sizeof *list, by_name);
	for (size_t i = 1; i < groups->count; i++)
		plain &= by_name(&list[i - 1], &list[i]) || !by_gid(&list[i - 1], &list[i]);
	if (plain)
		qsort(list, groups->count, sizeof *list, by_gid);
	for (size_t i = 1; i < groups->count; i++)
		plain &= by_gid(&list[i - 1], &list[i]) || !by_name(&list[i - 1], &list[i]);
	return plain;
}

/* The names of the account's gids, in the same order as login_groups(). */
static bool name_groups(struct login *login, const struct known_groups *groups)
{
	if (!join(login, login->gid))
		return false;
	login->group_names = calloc(login->group_count, sizeof *login->group_names);
	for (size_t i = 0; login->group_names && i < login->group_count; i++) {
		const struct known_group asked = {.gid = login->group_ids[i]};
		const struct known_group *found =
			bsearch(&asked, groups->list, groups->count, sizeof asked, by_gid);
		char **name = &login->group_names[i];

		if (found)
			*name = strdup(found->name);
		else if (asprintf(name, "%u", asked.gid) < 0)
			*name = NULL;
		if (!*name)
			return false;
	}
	login->groups_known = login->group_names != NULL;
	return login->groups_known;
}

static void forget(struct login *login)
{
	login_forget_groups(login);
	login->group_ids = NULL;
	login->group_names = NULL;
	login->group_count = 0;
	login->groups_known = false;
}

void people_read_groups(struct people *people)
{
	struct known_groups groups = {0};
	char service[64];
	bool done;

	/* initgroups, where present, takes precedence over group */
	if (people_find_unlisted("group", service, sizeof service) ||
		people_find_unlisted("initgroups", service, sizeof service))
		return;
	done = list_groups(people, &groups) && all_answer() && are_plain(&groups);
	for (size_t i = 0; done && i < people->count; i++)
		done = name_groups(&people->list[i].login, &groups);
	for (size_t i = 0; !done && i < people->count; i++)
		forget(&people->list[i].login);
	for (size_t i = 0; i < groups.count; i++)
		free(groups.list[i].name);
	free(groups.list);
}
