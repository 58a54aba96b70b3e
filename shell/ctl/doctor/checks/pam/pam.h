/* pam.h - what the checks of a PAM stack share. */
#ifndef NSISOLATE_CTL_PAM_H
#define NSISOLATE_CTL_PAM_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/ctl/doctor/doctor.h"

#define MODULE "pam_nsisolate.so"
#define LINE "session required " MODULE

/* The examination of one stack. */
struct look {
	struct doctor *doctor;
	const struct stack *stack;
	const struct pam_verdict *verdict;
	struct rules_summary rule; /* the rule that isolates its logins, if @wanted */
	bool wanted; /* a rule may isolate its logins */
	bool clean; /* nothing has been found yet */
	bool explained; /* a finding says why nobody is isolated, or nobody gets in */
	char subject[80];
};

/* Adds a finding about the stack, which is then not clean. */
void look_add(struct look *look, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A line of @verdict that is opened after ours and should be before it, or is closed in the session
 * and should be closed after it; *@why gives the reason.  NULL: there is none.
 */
const struct pam_line *neighbour_behind(const struct pam_verdict *verdict, const char **why);
const struct pam_line *neighbour_inside(const struct pam_verdict *verdict, const char **why);

/*
 * Adds the remedy for the last finding, on @stack: the command that makes our two lines, and no
 * others of ours, first and last in its own file, tried on a copy of the file: libpam must say that
 * each login that is let in is isolated.  If it does not, the remedy is in words.
 */
void remedy_by_pair(struct doctor *doctor, const struct stack *stack);

/*
 * Finds the line because of which every login is refused: the only one without which some would not
 * be, tried on a copy of its file.  False: no single line is the cause.
 */
bool find_culprit(const struct stack *stack, const char **file, unsigned *number);

/* Every login is refused: whether it is because a vendor's file of that name does not count. */
void report_mask(struct look *look);

/* Adds what is wrong with the lines that name our module, wherever libpam gets to. */
void check_own_lines(struct look *look);

#endif
