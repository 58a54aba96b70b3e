/*
 * login.h - who logs in, and from where: what the rules are matched against.
 *
 * Account data comes from NSS (name_service.h).  Groups are looked up only where a rule needs them,
 * and each once per login.  Where NSS fails, the answers that it did give still count: the user is
 * in the groups that it named, and only membership in the others is unknown.
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

	char id[POLICY_ID_LENGTH + 1]; /* generated for this login: hexadecimal digits */

	/* borrowed from the caller, NULL when unknown */
	const char *service; /* PAM service, or "nsisolate-shell" */
	const char *tty; /* PAM_TTY; a leading /dev/ does not matter to patterns */
	const char *rhost; /* PAM_RHOST: host name or address of the client */

	/* how many groups the rules name (SIZE_MAX: all are needed): decides how to ask for them */
	size_t rules_groups;

	/* what is known of the groups: login_groups.c */
	bool groups_known; /* all of them, with their names */
	size_t group_count;
	gid_t *group_ids; /* primary and supplementary; NULL: not looked up */
	/* NULL, or one for each: NULL if it was not looked up or is unknown */
	char **group_names;
	size_t names_asked; /* how many of them have been looked up, from the first */
	struct login_asked *asked; /* those looked up by name */
	size_t asked_count;
	/* 1: all services answered; 0: not known yet; a negative errno: some did not */
	int services;
	struct error trouble; /* the first failure; "": none */
	struct nss_room room;

	struct error doubt; /* what rules_match decided without knowing it all; "": nothing */
};

/*
 * Fills @login for an account, with a new id; service, tty and rhost start as NULL.  Returns 0;
 * -ENOENT when there is no such account; another negative errno when NSS failed.  On error @login
 * holds nothing.
 */
int login_by_name(struct login *login, const char *user, struct error *error);
int login_by_uid(struct login *login, uid_t uid, struct error *error);

/* The same for an account that has been looked up already; copies what @entry points to. */
int login_by_entry(struct login *login, const struct passwd *entry, struct error *error);

/*
 * Whether the login is in the group called @name; a group without a name is called by its number.
 * Where that is unknown, login->trouble says why.
 */
enum truth login_in_group(struct login *login, const char *name);

/* Notes that some services do not answer: then groups that are not found may exist. */
void login_distrust_groups(struct login *login, const char *why);

/* Fills group_ids.  Returns 0, even if a service left some out, or a negative errno. */
int login_group_ids(struct login *login, struct error *error);

/*
 * Fills group_ids and group_names.  Returns 0, or a negative errno if not all of them are known
 * (NSS failed, no memory); then those that are known have been filled in.
 */
int login_groups(struct login *login, struct error *error);

/*
 * The name of the primary group in *@name, which must be NULL before and is to be freed: its number
 * if it has no name, gid-NUMBER if the name is unknown; NSS is not asked for uid 0's.  0 or a
 * negative errno.
 */
int login_primary_group(struct login *login, char **name, struct error *error);

/*
 * Whether a group of this name exists: 1, with what NSS calls it in @called; 2, with what NSS calls
 * its gid, which is another name; 0; or a negative errno (NSS failed, no memory).
 */
int login_group_exists(const char *name, char *called, size_t size, struct error *error);

/* The part of login_free for groups; frees what the functions above allocated. */
void login_forget_groups(struct login *login);
void login_free(struct login *login);

#endif
