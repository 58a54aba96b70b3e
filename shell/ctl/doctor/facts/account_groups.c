/*
 * account_groups.c - the groups of all accounts at once.  For the groups of one account NSS reads
 * all of /etc/group, several times, and most accounts have a group of their own there: that would
 * be quadratic.
 *
 * A directory need not list the groups that it has accounts in, so it is asked about each account,
 * and only the directory: an account that it has in no group is in the groups that files list.
 */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <nss.h>
#endif

#include "accounts.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/login/name_service.h"
#include "shell/ctl/doctor/doctor.h"

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

static const char *find_name(const struct known_groups *groups, gid_t gid)
{
	const struct known_group asked = {.gid = gid}, *found;

	found = bsearch(&asked, groups->list, groups->count, sizeof asked, by_gid);
	return found ? found->name : NULL;
}

/* The names of the account's gids, in the same order as login_groups(). */
static bool name_groups(struct login *login, const struct known_groups *groups)
{
	if (!join(login, login->gid))
		return false;
	login->group_names = calloc(login->group_count, sizeof *login->group_names);
	for (size_t i = 0; login->group_names && i < login->group_count; i++) {
		const char *known = find_name(groups, login->group_ids[i]);
		char **name = &login->group_names[i];

		if (known)
			*name = strdup(known);
		else if (asprintf(name, "%u", login->group_ids[i]) < 0)
			*name = NULL;
		if (!*name)
			return false;
	}
	login->names_asked = login->group_count;
	login->groups_known = login->group_names != NULL;
	return login->groups_known;
}

static void forget(struct login *login)
{
	login_forget_groups(login);
	login->group_ids = NULL;
	login->group_names = NULL;
	login->group_count = login->names_asked = 0;
	login->groups_known = false;
}

/* ---- what a directory says ---- */

/*
 * The services of @list that need not list all that they have, written so that initgroups asks each
 * of them.  False where other services come after them: a directory's group then hides a local one.
 */
static bool find_directories(const char *list, char *directories, size_t size)
{
	char services[256], *cursor = services, *word;

	snprintf(services, sizeof services, "%s", list);
	*directories = '\0';
	while ((word = strtok_r(NULL, " ", &cursor))) {
		size_t used = strlen(directories);

		if (people_service_lists(word) && used)
			return false;
		if (!people_service_lists(word))
			snprintf(directories + used, size - used, "%s%s",
				used ? " [SUCCESS=continue] " : "", word);
	}
	return true;
}

/* Whether the directories have this account in no group but its primary one. */
static bool is_in_no_more(struct login *login)
{
	struct error error;

	return login_group_ids(login, &error) == 0 && login->group_count == 1;
}

/*
 * Writes '+' for each account that is in no group of the directories, else '-'.  In a process of
 * its own: what this does to initgroups cannot be undone.
 */
static _Noreturn void ask_directories(const struct people *people, const char *directories, int fd)
{
#ifdef __GLIBC__
	__nss_configure_lookup("initgroups", directories);
#else
	(void)directories; /* this C library reads no nsswitch.conf */
#endif
	for (size_t i = 0; i < people->count; i++) {
		struct login login = {
			.user = people->list[i].login.user, .gid = people->list[i].login.gid};
		char answer = is_in_no_more(&login) ? '+' : '-';

		login_forget_groups(&login);
		if (write(fd, &answer, 1) != 1)
			_exit(1);
	}
	/* a service that failed in between left groups out */
	_exit(!all_answer());
}

/* Forgets the groups of accounts that a directory has in some group.  False: it does not say. */
static bool leave_to_directories(struct people *people, const struct known_groups *groups)
{
	char services[256], directories[256], answer;
	_cleanup_close_ int told = -1;
	int ends[2], status = -1;
	size_t count = 0;
	pid_t child;

	nss_services("group", services, sizeof services);
	if (!find_directories(services, directories, sizeof directories) ||
		pipe2(ends, O_CLOEXEC) < 0)
		return false;
	child = fork();
	if (child == 0)
		ask_directories(people, directories, ends[1]);
	close(ends[1]);
	told = ends[0];
	while (child > 0 && count < people->count && read(told, &answer, 1) == 1) {
		struct login *login = &people->list[count++].login;

		if (answer != '+' || !find_name(groups, login->gid))
			forget(login);
		people_show_progress(people, count);
	}
	return child > 0 && child_wait(child, &status) == child && status == 0;
}

/* ---- both ---- */

void people_read_groups(struct facts *facts)
{
	struct people *people = &facts->people;
	struct known_groups groups = {0};
	char service[64];
	bool directory = people_find_unlisted("group", service, sizeof service), done;

	/* initgroups, where present, takes precedence over group */
	if (!doctor_groups_matter(facts) ||
		people_find_unlisted("initgroups", service, sizeof service))
		return;
	done = list_groups(people, &groups) && (!facts->names || all_answer()) &&
	       are_plain(&groups);
	for (size_t i = 0; done && i < people->count; i++)
		done = name_groups(&people->list[i].login, &groups);
	if (done && facts->names && directory)
		done = leave_to_directories(people, &groups);
	for (size_t i = 0; !done && i < people->count; i++)
		forget(&people->list[i].login);
	for (size_t i = 0; done && !facts->names && i < people->count; i++) {
		/* the groups that were found are facts; of others it cannot be told */
		people->list[i].login.groups_known = false;
		login_distrust_groups(&people->list[i].login, facts->services.failed);
	}
	for (size_t i = 0; i < groups.count; i++)
		free(groups.list[i].name);
	free(groups.list);
}
