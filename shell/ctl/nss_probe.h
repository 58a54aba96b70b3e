/* nss_probe.h - whether NSS answers, found out within bounded time. */
#ifndef NSISOLATE_CTL_NSS_PROBE_H
#define NSISOLATE_CTL_NSS_PROBE_H

#include <stdbool.h>

#include "conf/common/error.h"
#include "conf/login/login.h"

struct name_services {
	char silent[128]; /* services of nsswitch.conf that do not answer, separated by blanks */
	char failed[512]; /* how looking up a nonexistent name failed; "": it did not */
};

/*
 * Looks up an account and a group that do not exist, in a child, for at most 5 s.  Services that do
 * not answer are left out of this process's own lookups from then on, so that those do not hang: a
 * name that is not found then may still exist.  Returns whether all is well.
 */
bool name_services_ask(struct name_services *services);

/* Describes in one line what is wrong. */
void name_services_describe(const struct name_services *services, char *text, unsigned size);

/*
 * login_by_name within bounded time: a service that hangs is treated as one that fails, as a login
 * would wait for it.
 */
int nss_find_login(struct login *login, const char *user, struct error *error);

#endif
