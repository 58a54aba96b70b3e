/*
 * sshd.h - what `sshd -T` said.
 */
#ifndef NSISOLATE_CTL_SSHD_H
#define NSISOLATE_CTL_SSHD_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/ctl/doctor/run_bounded.h"

#define SSHD_CONFIG "/etc/ssh/sshd_config"

/*
 * The value of the keyword @key; false when it has none.  sshd -T writes keywords in small letters,
 * that of OpenSSH 10.6 as sshd_config(5) does: UsePAM.
 */
bool sshd_value(const struct run_result *result, const char *key, char *value, size_t size);

/* Whether that is @wanted. */
bool sshd_says(const struct run_result *result, const char *key, const char *wanted);

#endif
