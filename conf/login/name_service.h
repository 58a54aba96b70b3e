/*
 * name_service.h - lookups in NSS (files, LDAP, SSSD, ...), which have three outcomes: found, not
 * found, and failed.  A failure is never taken for "not found", as far as the C library tells: of a
 * failure of one service in nsswitch.conf it says nothing when a service behind it answers.
 */
#ifndef NSISOLATE_NAME_SERVICE_H
#define NSISOLATE_NAME_SERVICE_H

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf/common/error.h"

/*
 * More than any group of a real directory needs: 50,000 members take 700 kB, and a million names of
 * 50 bytes each fit.  A larger entry is a failure.
 */
#define NSS_GROUP_MAX ((size_t)64 << 20)
#define NSS_ACCOUNT_MAX ((size_t)1 << 20)

/*
 * Room for an entry's strings, kept from one lookup to the next, because a second attempt with more
 * room asks the service again.  Initialise with zeroes; nss_free releases it.
 */
struct nss_room {
	char *bytes;
	size_t size;
};

void nss_free(struct nss_room *room);

/*
 * 1 with @entry filled, whose strings live in @room until the next lookup; 0: there is none; or a
 * negative errno, never -ENOENT, with @error filled, which names the service of nsswitch.conf that
 * was asked last.
 */
int nss_group_by_name(
	struct nss_room *room, const char *name, struct group *entry, struct error *error);
int nss_group_by_gid(struct nss_room *room, gid_t gid, struct group *entry, struct error *error);

/* The same for accounts; by uid where @name is NULL. */
int nss_account(struct nss_room *room, const char *name, uid_t uid, struct passwd *entry,
	struct error *error);

/*
 * The services that nsswitch.conf(5) has for @database ("passwd", "group"), as words with blanks in
 * between, actions such as [NOTFOUND=return] left out; "" where it has none, or cannot be read.
 */
void nss_services(const char *database, char *services, size_t size);

#endif
