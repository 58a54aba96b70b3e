/*
 * keys.h - keys that are restricted to a command, and no longer are where sshd forces another.
 */
#ifndef NSISOLATE_CTL_SSHD_KEYS_H
#define NSISOLATE_CTL_SSHD_KEYS_H

#include "shell/ctl/doctor/run_bounded.h"

struct doctor;
struct person;

/* What is reported for one user only. */
struct keys_told {
	bool bound, possible;
};

/* @sshd: the output of `sshd -T` for @person, for whom it forces nsisolate-shell. */
void doctor_check_keys(struct doctor *doctor, const struct person *person,
	const struct run_result *sshd, struct keys_told *told);

#endif
