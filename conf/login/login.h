/*
 * login.h - who logs in, and from where: what the rules are matched against.
 *
 * Account data comes from NSS (name_service.h).  Groups are asked for only where a rule wants to
 * know them, and each once per login.  Where NSS fails, what it did say is still a fact:
 * somebody is in the groups that it named, and only of the others nobody can tell.
 */
#ifndef NSISOLATE_LOGIN_H
#define NSISOLATE_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"
#include "conf/common/truth.h"
#include "name_service.h"

struct login {
	char *user;
	uid_t uid;
	gid_t gid;
	char *home;
	char *shell; /* passwd's, "" when the field is empty */

	char id[POLICY_ID_LENGTH + 1]; /* made up for this login: hexadecimal digits */

	/* borrowed from the caller, NULL when unknown */
	const char *service; /* PAM service, or "nsisolate-shell" */
	const char *tty; /* PAM_TTY; a leading /dev/ does not matter to patterns */
	const char *rhost; /* PAM_RHOST: host name or address of the client */

	/*
	 * so many groups the rules name, SIZE_MAX: they need all; which way to ask is cheaper then
	 */
	size_t rules_groups;

	/* what is known of the groups: login_groups.c */
	bool groups_known; /* all of them, with their names */
	size_t group_count;
	gid_t *group_ids; /* primary and supplementary; NULL: not asked for */
	/* NULL, or one each: NULL where it was not asked for or cannot be told */
	char **group_names;
	size_t names_asked; /* the first so many of them */
	struct login_asked *asked; /* those asked for by name */
	size_t asked_count;
	/* 1: all services answered; 0: not known yet; a negative errno: not all did */
	int services;
	struct error trouble; /* what failed first; "": nothing */
	struct nss_room room;

	struct error
		doubt; /* of rules_match: what it decided without knowing it all; "": nothing */
};

/*
 * Fills @login for an account, with an id of its own; service, tty and rhost start as NULL.
 * Returns 0; -ENOENT when there is no such account; another negative errno when NSS failed.  On
 * error @login holds nothing.
 */
int login_by_name(struct login *login, const char *user, struct error *error);
int login_by_uid(struct login *login, uid_t uid, struct error *error);

/* The same of an account that is looked up already; what @entry points to is copied. */
int login_by_entry(struct login *login, const struct passwd *entry, struct error *error);

/*
 * Whether the login is in the group called @name; a group without a name is called by its number.
 * Where it cannot be told, login->trouble says why.
 */
enum truth login_in_group(struct login *login, const char *name);

/* Services are known not to answer: of groups that are not found nobody can tell. */
void login_distrust_groups(struct login *login, const char *why);

/* Fills group_ids.  Returns 0, even where a service left some out, or a negative errno. */
int login_group_ids(struct login *login, struct error *error);

/*
 * Fills group_ids and group_names.  Returns 0, or a negative errno where not all of them can be
 * told (NSS failed, no memory); then those that can be told are there.
 */
int login_groups(struct login *login, struct error *error);

/*
 * The name of the primary group in *@name, which is NULL before, to be freed: its number where it
 * has none, gid-NUMBER where it cannot be told; uid 0's is not asked for.  0 or a negative errno.
 */
int login_primary_group(struct login *login, char **name, struct error *error);

/*
 * Whether a group of this name exists: 1, with what NSS calls it in @called; 0; or a negative errno
 * (NSS failed, no memory).
 */
int login_group_exists(const char *name, char *called, size_t size, struct error *error);

/* The groups' part of login_free, which gives back what the functions above allocated. */
void login_forget_groups(struct login *login);
void login_free(struct login *login);

#endif
