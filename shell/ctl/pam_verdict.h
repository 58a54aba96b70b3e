/*
 * pam_verdict.h - what libpam makes of a service's stack: found out by libpam itself, in pam-judge,
 * with no module loaded (../judge/).
 */
#ifndef NSISOLATE_CTL_PAM_VERDICT_H
#define NSISOLATE_CTL_PAM_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/error.h"
#include "shell/judge/facts.h"

/*
 * A changed file: opening @path, by that name or through a link to the same file, gives @text.
 * The file need not exist yet.
 */
struct pam_change {
	const char *path; /* absolute, no newline */
	const char *text; /* NULL: the file is removed */
	size_t length;
};

/* A line that names a module, in the order in which libpam read them. */
struct pam_line {
	char type; /* 'a'uth, 'c': account, 'p'assword, 's'ession */
	const char *file; /* the file that it is in */
	unsigned number; /* its number there: of the first one where a backslash joins several */
	const char *module; /* its path, as libpam loads it */
	bool there; /* that file exists */
	/* it can be loaded, and has the function for this type; else PAM_MODULE_UNKNOWN comes */
	bool able;
	const char *broken; /* why it cannot be loaded: module_load.h; NULL: it can, or unknown */
	/* of the stack `other`, which decides for services without a line of the type */
	bool other;
	bool ours; /* pam_nsisolate.so */
	bool wrong; /* ours: an argument is wrong, and it refuses everybody */
	const char *fault; /* ours: what is wrong; else "" */
	unsigned part; /* enum line_part; set for all session lines, not only ours */
	const char **arguments; /* as libpam split them; known for the lines that were reached */
	size_t argument_count;
};

/* Something that libpam would have logged about a file: a line that it cannot parse, ... */
struct pam_complaint {
	const char *file; /* "": about none */
	unsigned number;
	const char *text;
};

/* A file that libpam opened, or tried to. */
struct pam_file {
	const char *path;
	int errnum; /* 0: it was read */
};

enum pam_isolation {
	PAM_UNSEEN, /* not known: verdict->unseen says why */
	PAM_REFUSED, /* no combination of module answers lets a login in (isolated, or at all) */
	PAM_NONE, /* logins are let in, and none is isolated */
	PAM_SOME, /* it depends on what a module answers: verdict->decides */
	PAM_ALL /* every login that is let in is isolated, unless our module itself fails */
};

struct pam_verdict {
	enum pam_isolation isolation;
	char unseen[640]; /* why it could not be judged; "": it was */
	unsigned fates; /* enum fate: every possible outcome of a session */
	unsigned usual; /* the outcome where every module succeeds */
	bool closes; /* ours is reached at close wherever it opened */
	bool unread; /* libpam cannot read it, and pam_start or every call fails: see complaints */
	bool auth, account; /* pam_authenticate and pam_acct_mgmt can succeed */
	unsigned runs; /* how many runs of libpam it took */
	/* PAM_SOME: the line whose answer decides; NULL: several do */
	const struct pam_line *decides;
	struct pam_line *lines;
	size_t line_count;
	struct pam_complaint *complaints;
	size_t complaint_count;
	struct pam_file *files;
	size_t file_count;
	char *text; /* what all these strings point into */
};

/*
 * Judges @service as it would be with these @count @changes; without any: as it is.  For root it
 * runs as a user without any rights, and as root only where a file is not readable by all; an
 * ordinary user gets PAM_UNSEEN there.  A module that no verdict was about before is loaded once,
 * elsewhere: module_load.h.  Takes 2 ms to 30 s.  Returns 0 with @verdict filled, which the caller
 * frees; or a negative errno with @error filled when pam-judge cannot be run.
 */
int pam_judge(const char *service, const struct pam_change *changes, size_t count,
	struct pam_verdict *verdict, struct error *error);

/* The first session line of ours that opened a session in some run; NULL: none did. */
const struct pam_line *pam_verdict_opener(const struct pam_verdict *verdict);

/* Whether the line has this argument; whether it is of this module, named without ".so". */
bool pam_line_has(const struct pam_line *line, const char *argument);
bool pam_line_is(const struct pam_line *line, const char *module);

/* Why the line has no function that libpam could call; "": it has. */
const char *pam_line_fault(const struct pam_line *line, char *text, size_t size);

/*
 * The first line @of_type that has none, ours before others, as FILE:LINE and why; false: each has.
 */
bool pam_verdict_unable(const struct pam_verdict *verdict, char of_type, char *text, size_t size);

void pam_verdict_free(struct pam_verdict *verdict);

#endif
