#include "login.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "name_service.h"

#define _cleanup_room_ __attribute__((cleanup(nss_free)))

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
	_cleanup_room_ struct nss_room room = {0};
	struct passwd entry;
	char name[32];
	int result;

	*login = (struct login){0};
	snprintf(name, sizeof name, "uid %u", uid);
	result = nss_account(&room, user, uid, &entry, error);
	if (result < 0)
		return result;
	if (!result)
		return error_set(error, ENOENT, "there is no account '%s'", user ? user : name);
	return fill(login, &entry, error);
}

int login_by_entry(struct login *login, const struct passwd *entry, struct error *error)
{
	return fill(login, entry, error);
}

int login_by_name(struct login *login, const char *user, struct error *error)
{
	return look_up(login, user, 0, error);
}

int login_by_uid(struct login *login, uid_t uid, struct error *error)
{
	return look_up(login, NULL, uid, error);
}

void login_free(struct login *login)
{
	login_forget_groups(login);
	free(login->user);
	free(login->home);
	free(login->shell);
	*login = (struct login){0};
}
