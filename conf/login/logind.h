/*
 * logind.h - systemd-logind, and the user's manager (user@UID.service) that it starts at login.
 */
#ifndef NSISOLATE_LOGIND_H
#define NSISOLATE_LOGIND_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/common/error.h"

/* What pam_systemd(8) asks logind for, if it is in PAM's environment: class= comes after it. */
#define LOGIND_CLASS "XDG_SESSION_CLASS"

/*
 * The class of session for which logind starts no manager, from systemd 258 on: `user-light`, or
 * `background-light` if @background, which is what cron's jobs and what has no terminal are.
 * *@class is NULL where there is no logind, and so nobody who starts a manager.  Any other class
 * logind refuses, and pam_systemd with it.  Reads logind's program, some 300 kB: what it does not
 * name it does not know, whatever its version and patches.
 *
 * Returns 0, or a negative errno with @error filled: lacking, if this logind knows no such class.
 */
int logind_light_class(bool background, const char **class, struct error *error);

/* Whether the manager of @uid is running: its control group exists. */
bool logind_manager_runs(uid_t uid);

#endif
