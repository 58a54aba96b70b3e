/*
 * ahead.h - what the line with `close` does when a session is opened: it stands before pam_systemd,
 * which starts the user's manager, and the line that opens the session stands behind it.
 */
#ifndef NSISOLATE_AHEAD_H
#define NSISOLATE_AHEAD_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "conf/rules/rules.h"

/* Kept in the handle, from that line to the one that opens. */
struct ahead {
	const char *conf; /* an argument of the line */
	struct rules *rules; /* of that: they are read once, for both lines */
	const char *class; /* NULL: where nobody starts a manager */
	bool asked; /* pam_systemd will find the class, or there is none */
	struct error error; /* why it will not; "": nothing failed */
};

/* Reads the rules; *@manager: whether one says `user_manager = off`.  NULL: it could not. */
struct ahead *ahead_look(pam_handle_t *pamh, const char *conf, bool *manager);

/* Asks pam_systemd for a session without a manager.  It fails quietly: see ahead_check. */
void ahead_ask(pam_handle_t *pamh, struct ahead *ahead);

/* What a line with this @conf= left behind; NULL: there was none.  And the end of it. */
struct ahead *ahead_find(pam_handle_t *pamh, const char *conf);
void ahead_forget(pam_handle_t *pamh);

/*
 * Whether pam_systemd was asked, and nobody changed the words since: 0; -ENOENT if no line of the
 * stack did that (@ahead may be NULL), or another negative errno; both with @error filled.
 */
int ahead_check(pam_handle_t *pamh, const struct ahead *ahead, struct error *error);

#endif
