#include "ahead.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/login/logind.h"

#define DATA_NAME "pam_nsisolate_ahead"

static void free_ahead(pam_handle_t *pamh, void *data, int error_status)
{
	struct ahead *ahead = data;

	(void)pamh;
	(void)error_status;
	if (ahead)
		rules_free(ahead->rules);
	free(ahead);
}

static bool has_off(const struct rules *rules)
{
	struct rules_summary summary;
	bool off = false;

	for (size_t i = 0; i < rules_count(rules) && !off; i++) {
		rules_summarize(rules, i, &summary);
		off = summary.policy.isolate && summary.policy.user_manager == USER_MANAGER_OFF;
	}
	return off;
}

struct ahead *ahead_look(pam_handle_t *pamh, const char *conf, bool *manager)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct ahead *ahead = calloc(1, sizeof *ahead);

	if (!ahead)
		return NULL;
	ahead->conf = conf;
	/* what is wrong with them is said by the line that opens, which reads them again then */
	if (rules_load(conf, &ahead->rules, &diagnostics) < 0 ||
		pam_set_data(pamh, DATA_NAME, ahead, free_ahead) != PAM_SUCCESS) {
		free_ahead(pamh, ahead, 0);
		ahead = NULL;
	}
	diagnostics_free(&diagnostics);
	*manager = ahead && has_off(ahead->rules);
	return ahead;
}

void ahead_ask(pam_handle_t *pamh, struct ahead *ahead)
{
	const void *tty = NULL;
	char variable[64];

	/* pam_systemd stands before this line, and has started it */
	if (pam_getenv(pamh, "XDG_SESSION_ID"))
		return;
	pam_get_item(pamh, PAM_TTY, &tty);
	if (logind_light_class(!tty || !*(const char *)tty || !strcmp(tty, "cron"), &ahead->class,
		    &ahead->error) < 0)
		return;
	if (ahead->class) {
		snprintf(variable, sizeof variable, LOGIND_CLASS "=%s", ahead->class);
		/* this takes effect before the application's variable and a class= of the line's */
		if (pam_putenv(pamh, variable) != PAM_SUCCESS) {
			error_set(&ahead->error, ENOMEM, "user_manager = off: no memory");
			return;
		}
	}
	ahead->asked = true;
}

struct ahead *ahead_find(pam_handle_t *pamh, const char *conf)
{
	const void *data = NULL;

	if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS || !data ||
		strcmp(((const struct ahead *)data)->conf, conf) != 0)
		return NULL;
	return (struct ahead *)data;
}

void ahead_forget(pam_handle_t *pamh)
{
	const void *data = NULL;

	if (pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS && data)
		pam_set_data(pamh, DATA_NAME, NULL, NULL);
}

int ahead_check(pam_handle_t *pamh, const struct ahead *ahead, struct error *error)
{
	const char *now = pam_getenv(pamh, LOGIND_CLASS);

	if (ahead && *ahead->error.text) {
		*error = ahead->error;
		return -EOPNOTSUPP;
	}
	if (!ahead || !ahead->asked)
		return error_set(error, ENOENT,
			"user_manager = off: no line `session required pam_nsisolate.so close` "
			"with the same conf= stands before pam_systemd: nsisolatectl enable writes "
			"it");
	if (ahead->class && (!now || strcmp(now, ahead->class) != 0))
		return error_set(error, EPERM,
			"user_manager = off: another module changed " LOGIND_CLASS " from %s to "
			"'%.64s'",
			ahead->class, now ? now : "");
	return 0;
}
