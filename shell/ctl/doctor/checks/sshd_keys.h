/*
 * sshd_keys.h - keys that are bound to a command, and are not any more where sshd forces another.
 */
#ifndef NSISOLATE_CTL_SSHD_KEYS_H
#define NSISOLATE_CTL_SSHD_KEYS_H

#include "shell/ctl/doctor/run_bounded.h"

struct doctor;
struct person;

/* What one user is enough to be told about. */
struct keys_told {
	bool bound, possible;
};

/* @sshd: what `sshd -T` says for @person, for whom it forces nsisolate-shell. */
void doctor_check_keys(struct doctor *doctor, const struct person *person,
	const struct run_result *sshd, struct keys_told *told);

#endif
