/*
 * session_facts.h - what `nsisolatectl list` finds at a session's PID 1.
 *
 * Facts: what the module knew, kept where only root can read or change it, in the environment of
 * PID 1, which is not dumpable.
 * Title: "nsisolate-init: USER RULE SERVICE", the first word of its command line.  For ps; and all
 * there is of a session that nsisolate-shell made, where it is only the user's claim.
 */
#ifndef NSISOLATE_SESSION_FACTS_H
#define NSISOLATE_SESSION_FACTS_H

#include <stdbool.h>
#include <stddef.h>

enum fact {
	FACT_USER,
	FACT_RULE,
	FACT_ID,
	FACT_SCOPE,
	FACT_HOSTNAME,
	FACT_SERVICE,
	FACT_TTY,
	FACT_FROM,
	FACTS
};

struct session_facts {
	char *environment[FACTS + 1]; /* ends with NULL; points into text */
	char text[1024];
};

/* @values by enum fact; NULL or "": it is left out, and so is one that finds no room. */
void session_facts_write(struct session_facts *facts, const char *const values[FACTS]);

/*
 * The reverse, of an environment of @length bytes, each string of which has its end.  @values: into
 * @text; "" where there is none.
 */
void session_facts_read(const char *text, size_t length, const char *values[FACTS]);

#define SESSION_TITLE_MAX 256
/* NULL: unknown. */
void session_title_write(
	char title[SESSION_TITLE_MAX], const char *user, const char *rule, const char *service);

/* False when @title is something else; modifies it, and @rule and @service point into it. */
bool session_title_read(char *title, const char **rule, const char **service);

#endif
