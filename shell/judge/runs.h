/*
 * runs.h - what becomes of logins, for every combination of answers of a stack's modules.
 */
#ifndef NSISOLATE_JUDGE_RUNS_H
#define NSISOLATE_JUDGE_RUNS_H

#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>

#include "facts.h"

struct runs {
	unsigned fates; /* of all runs */
	unsigned usual; /* the fate if every module succeeds */
	bool closes; /* ours is reached at close in each run in which it opened */
	bool decided;
	size_t decides; /* the line whose answer alone turns FATE_ISOLATED into FATE_PASSED_BY */
	unsigned count;
	bool over; /* more than RUNS_MAX runs would be needed */
};

/* The session part: pam_open_session and pam_close_session. */
void runs_of_session(pam_handle_t *pamh, struct runs *runs);

/* Whether the call of type @of_type ('a', 'c') can succeed at all. */
bool runs_can_succeed(pam_handle_t *pamh, char of_type);

#endif
