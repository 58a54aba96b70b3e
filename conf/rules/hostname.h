/*
 * hostname.h - hostnames and domainnames from templates.
 *
 * A template is text with the specifiers of systemd.unit(5) that make sense for a login:
 *	%u user   %U uid   %g group   %G gid   %H host name   %l short host name   %r rule
 *	%i the session's id   %% percent
 */
#ifndef NSISOLATE_HOSTNAME_H
#define NSISOLATE_HOSTNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/error.h"
#include "conf/common/policy.h"
#include "conf/login/login.h"

/* NULL when the template is well formed; else what is wrong, at byte *@offset. */
const char *hostname_check(const char *template, size_t *offset);

/*
 * Expands @template for @login into @name, which can be in @policy (its rule and id are known): a
 * valid RFC 1123 name of 1 to POLICY_NAME_MAX bytes, whatever the account is called.
 *   - Letters become small; every run of bytes that are not ASCII letters or digits becomes
 *     one dash, of which none is left at a label's ends.  Dots come only from the template and the
 *     host's name: a.b is a-b.
 *   - An account's name of which nothing would be left is uid-UID (a group's gid-GID), and so is a
 *     name of which nothing is left at all.
 *   - A last label that is a number, so that the name would be taken for an address, gets an n in
 *     front: n1000.
 *   - A name that is too long (a label has 63 bytes, RFC 1035) is its first label cut to 54 bytes,
 *     a dash and eight hexadecimal digits that are made (FNV-1a) from all of what the template
 *     gave: two long accounts do not get one name, and one account gets the same at each login.
 * Returns 0, or a negative errno (NSS failed while looking up %g, ...).
 */
int hostname_expand(const char *template, struct login *login, const struct policy *policy,
	char name[POLICY_NAME_MAX + 1], struct error *error);

/* Whether the first @length bytes of a template have one of the specifiers @letters. */
bool hostname_has(const char *template, size_t length, const char *letters);

/*
 * Whether a number behind the first part of the name is still a name of this machine's and no other
 * one's: the part has the host's name, and something else.  Alone, as in %H, it stays what sudo and
 * licences go by.  With %i sessions have different names already.
 */
bool hostname_may_be_numbered(const char *template);

#endif
