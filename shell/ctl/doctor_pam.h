/*
 * doctor_pam.h - what the checks of one PAM stack share.
 */
#ifndef NSISOLATE_CTL_DOCTOR_PAM_H
#define NSISOLATE_CTL_DOCTOR_PAM_H

#include <stdbool.h>
#include <stddef.h>

#include "doctor.h"

#define MODULE "pam_nsisolate.so"
#define LINE "session required " MODULE

/* What one stack is judged by. */
struct judge {
	struct doctor *doctor;
	const struct stack *stack;
	struct rules_summary rule; /* that isolates its logins, where it is wanted */
	bool wanted; /* a rule may isolate its logins */
	bool clean; /* nothing was found yet */
	char subject[80];
};

/* Of a line of ours, whether it does something when a session is opened, or closed. */
bool judge_opens(const struct stack_line *line);
bool judge_closes(const struct stack_line *line);

/* Mends the last finding by sed: @command for the line where it stands. */
void judge_mend(struct judge *judge, const struct stack_line *line, const char *command);

/* What is wrong with one line of ours, whatever stands around it. */
void judge_line(struct judge *judge, const struct stack_line *line);

/* What is wrong with the place of the line @ours, which opens, among the others. */
void judge_place(struct judge *judge, size_t ours);

#endif
