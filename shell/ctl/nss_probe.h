/*
 * nss_probe.h - whether NSS answers, found out in bounded time.
 */
#ifndef NSISOLATE_CTL_NSS_PROBE_H
#define NSISOLATE_CTL_NSS_PROBE_H

#include <stdbool.h>

struct name_services {
	char silent[128]; /* services of nsswitch.conf that do not answer, with blanks in between */
	char failed[512]; /* how looking up a name that nobody has failed; "": it did not */
};

/*
 * Asks for an account and a group that nobody has, in a child, for at most 5 s.  Services that do
 * not answer are left out of this process's own lookups from then on, so that they do not hang:
 * what is not found then may still be there.  Returns whether all is well.
 */
bool name_services_ask(struct name_services *services);

/* One line that says what is not. */
void name_services_describe(const struct name_services *services, char *text, unsigned size);

#endif
