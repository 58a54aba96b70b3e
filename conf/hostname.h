/*
 * hostname.h - hostnames and domainnames from templates.
 *
 * A template is text with the specifiers of systemd.unit(5) that make sense for a login:
 *	%u user   %U uid   %g group   %G gid   %H host name   %l short host name   %r rule   %% percent
 */
#ifndef NSISOLATE_HOSTNAME_H
#define NSISOLATE_HOSTNAME_H

#include <stddef.h>

#include "error.h"
#include "login.h"
#include "policy.h"

/* NULL when the template is well formed; else what is wrong, *@offset being the byte. */
const char *hostname_check(const char *template, size_t *offset);

/*
 * Expands @template for @login into @name: a valid RFC 1123 name of 1 to POLICY_NAME_MAX bytes,
 * whatever the account is called.  Letters become small, every run of other bytes becomes one dash,
 * labels neither begin nor end with one, and dots come from the template and the host's name only.
 * A name that is too long is cut and gets a dash and eight digits made from all of it, so that two
 * long accounts do not get one name.  Nothing left: uid-UID.
 * Returns 0, or a negative errno (NSS failed while looking up %g, ...).
 */
int hostname_expand(const char *template, struct login *login, const char *rule,
	char name[POLICY_NAME_MAX + 1], struct error *error);

#endif
