/*
 * list_logins.h - `list --logins`: one line per login.
 */
#ifndef NSISOLATE_CTL_LIST_LOGINS_H
#define NSISOLATE_CTL_LIST_LOGINS_H

#include "shell/ctl/session/sessions.h"

/*
 * Print the logins of @sessions to standard output; @width and @height as for the table of
 * sessions.  Return 0 or -ENOMEM.
 */
int list_logins_table(const struct sessions *sessions, size_t width, size_t height);
int list_logins_json(const struct sessions *sessions);

#endif
