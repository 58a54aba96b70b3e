#include "session_observed.h"

#include <stdio.h>
#include <string.h>

#include "conf/common/kinds.h"
#include "conf/common/settings.h"

void session_observed(
	const struct login *login, const struct policy *policy, char text[SESSION_LOG_MAX])
{
	struct session_log log;
	char names[128] = "";

	session_log_start(&log, policy, login->user, login->service, login->rhost);
	for (size_t i = 0; i < kinds_count; i++)
		if (policy->kinds & kinds[i].flag)
			snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
				*names ? "," : "", kinds[i].name);
	snprintf(text, SESSION_LOG_MAX,
		"session observed: user=%s rule=%s service=%s from=%s hostname=%s namespaces=%s "
		"scope=%s logout=%s",
		log.user, log.rule, log.service, log.from, log.hostname, names,
		settings[KEY_SCOPE].words[policy->scope],
		settings[KEY_LOGOUT].words[policy->logout]);
}
