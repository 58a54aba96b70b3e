/*
 * login.h - who logs in, and from where: what the rules are matched against.
 *
 * Account data comes from NSS (files, LDAP, SSSD, ...).  The groups are asked for only when a rule
 * wants to know them, once per login.  Lookups have three outcomes: found, not found, and failed;
 * a failure is never taken for "not found", as far as the C library tells: of a failure of one
 * service in nsswitch.conf it says nothing when a service behind it answers.
 */
#ifndef NSISOLATE_LOGIN_H
#define NSISOLATE_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"

#define LOGIN_ID_LENGTH 8 /* digits */

struct login {
	char *user;
	uid_t uid;
	gid_t gid;
	char *home;
	char *shell; /* passwd's, "" when the field is empty */

	char id[LOGIN_ID_LENGTH + 1]; /* made up for this login: hexadecimal digits */

	/* borrowed from the caller, NULL when unknown */
	const char *service; /* PAM service, or "nsisolate-shell" */
	const char *tty; /* PAM_TTY; a leading /dev/ does not matter to patterns */
	const char *rhost; /* PAM_RHOST: host name or address of the client */

	/* filled by login_groups */
	bool groups_known;
	size_t group_count;
	char **group_names; /* primary and supplementary; a gid without a name as its number */
	gid_t *group_ids;
};

/*
 * Fills @login for an account, with an id of its own; service, tty and rhost start as NULL.  Returns 0; -ENOENT when there
 * is no such account; another negative errno when NSS failed.  On error @login holds nothing.
 */
int login_by_name(struct login *login, const char *user, struct error *error);
int login_by_uid(struct login *login, uid_t uid, struct error *error);

/* Fills the groups on the first call.  Returns 0 or a negative errno (NSS failed, no memory). */
int login_groups(struct login *login, struct error *error);

/* Whether a group of this name exists: 1, 0, or a negative errno (NSS failed, no memory). */
int login_group_exists(const char *name, struct error *error);

/* Gives back what the functions above allocated. */
void login_free(struct login *login);

#endif
