/*
 * pam.h - what the checks of one PAM stack share.
 */
#ifndef NSISOLATE_CTL_PAM_H
#define NSISOLATE_CTL_PAM_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/ctl/doctor/doctor.h"

#define MODULE "pam_nsisolate.so"
#define LINE "session required " MODULE

/* What one stack is looked at by. */
struct look {
	struct doctor *doctor;
	const struct stack *stack;
	const struct pam_verdict *verdict;
	struct rules_summary rule; /* that isolates its logins, where it is wanted */
	bool wanted; /* a rule may isolate its logins */
	bool clean; /* nothing was found yet */
	bool explained; /* it was said why nobody is isolated, or gets in */
	char subject[80];
};

/* Adds a finding about the stack, which is not clean then. */
void look_add(struct look *look, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A line among the others of @verdict that is opened behind ours and should be before, or is closed
 * in the session and should be after; *@why says so.  NULL: there is none.
 */
const struct pam_line *neighbour_behind(const struct pam_verdict *verdict, const char **why);
const struct pam_line *neighbour_inside(const struct pam_verdict *verdict, const char **why);

/*
 * Mends the last finding, of @stack: by what puts our two lines, and no other of ours, first and
 * last into its own file.  That was tried on a copy of the file, by libpam: each login that is let
 * in is isolated then.  Where it is not, in words.
 */
void mend_by_pair(struct doctor *doctor, const struct stack *stack);

/*
 * Why every login is refused: the one line without which some would not be, tried on a copy of its
 * file.  False: no line alone does it.
 */
bool find_culprit(const struct stack *stack, const char **file, unsigned *number);

#endif
