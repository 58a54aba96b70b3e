/*
 * session_observed.h - what the system log says of a login that a rule on trial matches.
 *
 *	session observed: user=alice rule=users service=sshd from=192.0.2.7 hostname=alice-lab
 *		namespaces=uts,pid,mount scope=session logout=kill
 */
#ifndef NSISOLATE_SESSION_OBSERVED_H
#define NSISOLATE_SESSION_OBSERVED_H

#include "conf/common/policy.h"
#include "conf/common/session_log.h"
#include "conf/login/login.h"

/* @login is left alone (isolate = observe); @policy is what it would have got. */
void session_observed(
	const struct login *login, const struct policy *policy, char text[SESSION_LOG_MAX]);

#endif
