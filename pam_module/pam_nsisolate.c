/*
 * pam_nsisolate - puts each login session into namespaces of its own, by rules: pam_nsisolate(8).
 *
 * The part that runs in the application, as root: reads the rules (conf/), decides, moves this
 * process (caller.c) and starts nsisolate-init (spawn.c), which does the rest in a process of its
 * own.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define PAM_SM_SESSION
#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "ahead.h"
#include "conf/common/cleanup.h"
#include "conf/common/printable.h"
#include "conf/common/session_log.h"
#include "conf/login/login.h"
#include "conf/login/logind.h"
#include "conf/rules/rules.h"
#include "conf/rules/session_observed.h"
#include "module_args.h"
#include "own_label.h"
#include "pam_session.h"

/* All other symbols of this module are hidden from the application: see Makefile. */
#define EXPORTED __attribute__((visibility("default")))

#define DATA_NAME "pam_nsisolate_session"

/* Kept from open to close. */
struct record {
	struct pam_session session;
	struct session_log log;
};

/* The session that this process, or the process that it was forked from, is in; NULL: none. */
static struct record *entered;

/* It could not leave one, and is still half in it. */
static bool stranded;

/* One attempt to open a session. */
struct attempt {
	pam_handle_t *pamh;
	bool silent;
	struct options options;
	struct login login;
	bool root; /* uid 0: always gets in */
};

static const char *item(pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

/* ---- refusals ---- */

static int let_in(struct attempt *attempt, int priority, const char *who, const char *why)
{
	char line[SESSION_LOG_MAX];

	session_log_failed(item(attempt->pamh, PAM_USER), who, why, line);
	pam_syslog(attempt->pamh, priority, "%s", line);
	return PAM_SUCCESS;
}

static int refuse(struct attempt *attempt, const char *why)
{
	char line[SESSION_LOG_MAX];

	session_log_failed(item(attempt->pamh, PAM_USER), NULL, why, line);
	pam_syslog(attempt->pamh, LOG_ERR, "%s", line);
	if (!attempt->silent)
		pam_error(attempt->pamh,
			"nsisolate: this login is refused because its session cannot be isolated. "
			"Please tell your administrator; the system log says why.");
	return PAM_SESSION_ERR;
}

static bool in_rescue_group(struct attempt *attempt)
{
	const char *group = attempt->options.rescue_group;
	enum truth answer;

	if (!group || !attempt->login.user)
		return false;
	answer = login_in_group(&attempt->login, group);
	if (answer == TRUTH_UNKNOWN)
		pam_syslog(attempt->pamh, LOG_ERR, "rescue_group=%s: %s", group,
			attempt->login.trouble.text);
	return answer == TRUTH_YES;
}

/* The policy is unknown: the configuration is broken, or NSS failed. */
static int undecided(struct attempt *attempt, const char *why)
{
	if (attempt->root)
		return let_in(attempt, LOG_ALERT, "uid 0", why);
	if (in_rescue_group(attempt))
		return let_in(attempt, LOG_ALERT, "rescue_group", why);
	return refuse(attempt, why);
}

/* The policy is known but could not be applied. */
static int unable(struct attempt *attempt, const struct policy *policy, const struct error *error)
{
	if (attempt->root)
		return let_in(attempt, LOG_ALERT, "uid 0", error->text);
	/* never for a failure that a user may have caused: users could cause it on purpose */
	if (policy->on_error == ON_ERROR_ALLOW && error->lacking)
		return let_in(attempt, LOG_WARNING, "on_error = allow", error->text);
	return refuse(attempt, error->text);
}

/* The application is only partly restored: no rule may let a login in like that. */
static int half_isolated(struct attempt *attempt, const char *why)
{
	if (attempt->root)
		return let_in(attempt, LOG_ALERT, "uid 0, HALF isolated", why);
	return refuse(attempt, why);
}

/* ---- open ---- */

/*
 * Finds out who logs in.  If the account cannot be looked up, only the name tells whether it is
 * root.
 */
static int find_login(struct attempt *attempt, struct error *error)
{
	const char *user = NULL;
	int result;

	if (pam_get_user(attempt->pamh, &user, NULL) != PAM_SUCCESS || !user || !*user)
		return error_set(error, EINVAL, "the application named no user");
	attempt->root = !strcmp(user, "root");
	result = login_by_name(&attempt->login, user, error);
	if (result < 0)
		return result;
	attempt->root = attempt->login.uid == 0;
	attempt->login.service = item(attempt->pamh, PAM_SERVICE);
	attempt->login.tty = item(attempt->pamh, PAM_TTY);
	attempt->login.rhost = item(attempt->pamh, PAM_RHOST);
	return 0;
}

/*
 * In pam_end libpam no longer knows which module is active: pam_syslog(3) would start the line with
 * "PAM".  So the usual prefix is written here.
 */
static void log_of_record(pam_handle_t *pamh, int priority, const char *line)
{
	const char *service = item(pamh, PAM_SERVICE);

	syslog(LOG_AUTHPRIV | priority, "pam_nsisolate(%s:session): %s",
		service ? service : "unknown", line);
}

static void close_record(pam_handle_t *pamh, struct record *record, const char *reason)
{
	struct error error = {0};
	char line[SESSION_LOG_MAX];
	int left;

	if (entered == record)
		entered = NULL;
	if (!record->session.open)
		return;
	left = pam_session_left(&record->session);
	if (left == -ESRCH) {
		/* its processes ended with it */
		reason = "killed";
		left = 0;
	}
	if (pam_session_close(&record->session, &error) < 0) {
		/*
		 * as proftpd, which has become its user permanently: it will not serve anybody else
		 */
		const bool matters = !caller_has_become_user();
		char what[SESSION_LOG_MAX];

		stranded = record->session.caller.stuck;
		printable(error.text);
		snprintf(what, sizeof what,
			"the application could not be given back all it had: %s%s", error.text,
			matters ? "" : " (it has given its privileges up)");
		log_of_record(pamh, matters ? LOG_CRIT : LOG_DEBUG, what);
	}
	session_log_closed(&record->log, left, reason, line);
	log_of_record(pamh, LOG_INFO, line);
}

/* pam_end, or a second pam_set_data: closes what the application left open. */
static void free_record(pam_handle_t *pamh, void *data, int error_status)
{
	struct record *record = data;

	(void)error_status;
	if (caller_is_here(&record->session.caller))
		close_record(pamh, record, "pam_end");
	if (entered == record)
		entered = NULL;
	free(record);
}

static void log_note(pam_handle_t *pamh, const struct record *record, const char *note)
{
	char line[SESSION_LOG_MAX];

	session_log_note(&record->log, note, line);
	pam_syslog(pamh, LOG_WARNING, "%s", line);
}

static void log_open(pam_handle_t *pamh, struct record *record, const struct policy *policy)
{
	char line[SESSION_LOG_MAX];

	record->log.namespace = record->session.namespace;
	if (policy->kinds & CLONE_NEWPID)
		record->log.init = record->session.spawned.pid;
	record->log.joined = record->session.spawned.joined;
	record->log.stays = record->session.spawned.stays;
	session_log_number(&record->log, policy->hostname, record->session.spawned.number);
	if (*record->session.spawned.note)
		log_note(pamh, record, record->session.spawned.note);
	session_log_opened(&record->log, line);
	pam_syslog(pamh, LOG_INFO, "%s", line);
}

/* What fails here is noticed only by an application that asks: a login without a terminal works. */
static void keep_own_label(struct attempt *attempt)
{
	const int result = own_label_remember();

	if (result < 0)
		pam_syslog(attempt->pamh, LOG_WARNING,
			"SELinux does not let the application set its own label (%s): sshd will "
			"end a login with a terminal; see nsisolate(7), SELinux",
			strerror(-result));
}

static int isolate(struct attempt *attempt, const struct policy *policy)
{
	/* asked now: the session may have control groups of its own */
	const bool managed =
		policy->user_manager == USER_MANAGER_OFF && logind_manager_runs(attempt->login.uid);
	struct error error = {0};
	struct record *record = calloc(1, sizeof *record);
	int result;

	if (!record) {
		error_set(&error, ENOMEM, "no memory");
		return unable(attempt, policy, &error);
	}
	session_log_start(&record->log, policy, attempt->login.user, attempt->login.service,
		attempt->login.rhost);
	if (policy->kinds & CLONE_NEWPID)
		keep_own_label(attempt);
	if (pam_session_open(&record->session, policy, &attempt->login, &error) < 0) {
		bool stuck = record->session.caller.stuck;

		free(record);
		return stuck ? half_isolated(attempt, error.text) : unable(attempt, policy, &error);
	}
	result = pam_set_data(attempt->pamh, DATA_NAME, record, free_record);
	if (result != PAM_SUCCESS) {
		bool stuck;

		close_record(attempt->pamh, record, "refused");
		stuck = record->session.caller.stuck;
		free(record);
		error_set(&error, ENOMEM, "%s", pam_strerror(attempt->pamh, result));
		return stuck ? half_isolated(attempt, error.text) : unable(attempt, policy, &error);
	}
	entered = record;
	log_open(attempt->pamh, record, policy);
	if (managed)
		log_note(attempt->pamh, record,
			"user_manager = off, and a manager of the user's runs already, which "
			"another login or linger started");
	return PAM_SUCCESS;
}

static void log_doubt(struct attempt *attempt, const struct policy *policy)
{
	char line[SESSION_LOG_MAX];

	if (!*attempt->login.doubt.text)
		return;
	session_log_doubt(attempt->login.user, policy, attempt->login.doubt.text, line);
	pam_syslog(attempt->pamh, LOG_WARNING, "%s", line);
}

static void log_observed(struct attempt *attempt, const struct policy *policy)
{
	char line[SESSION_LOG_MAX];

	session_observed(&attempt->login, policy, line);
	pam_syslog(attempt->pamh, LOG_INFO, "%s", line);
}

static int decide(struct attempt *attempt)
{
	const char *conf = attempt->options.conf;
	const struct ahead *ahead = ahead_find(attempt->pamh, conf);
	struct error error = {0};
	struct policy policy = {0};
	int result = 0;

	/* without on_error: a user can make NSS fail, by exhausting memory or descriptors */
	if (find_login(attempt, &error) < 0 ||
		(ahead ? rules_match(ahead->rules, &attempt->login, &policy, &error)
		       : rules_decide(conf, &attempt->login, &policy, &error)) < 0)
		return undecided(attempt, error.text);
	log_doubt(attempt, &policy);
	if (policy.isolate && policy.user_manager == USER_MANAGER_OFF)
		result = ahead_check(attempt->pamh, ahead, &error);
	if (result == -ENOENT)
		return undecided(attempt, error.text); /* a broken stack is as a broken rule */
	if (result < 0)
		return unable(attempt, &policy, &error);
	if (policy.isolate)
		return isolate(attempt, &policy);
	if (policy.observe)
		log_observed(attempt, &policy);
	if (attempt->options.debug)
		pam_syslog(attempt->pamh, LOG_DEBUG, "not isolated: user=%s rule=%s",
			attempt->login.user, *policy.rule ? policy.rule : "(none)");
	return PAM_SUCCESS;
}

/*
 * This process is in the session of another login, which it opened: what it starts for this login
 * would be in there, too, whatever the rules say.  Only root is let in, and for root the process
 * leaves that session.
 */
static int decide_inside(struct attempt *attempt)
{
	const struct session_log *log = &entered->log;
	struct error error = {0}, why;

	error_set(&why, EBUSY,
		"this process has a session open already, of %s (id %s), and is in it: an "
		"application that a rule isolates must use one process per login, see nsisolate(7)",
		log->user, log->id);
	if (find_login(attempt, &error) < 0)
		error = (struct error){0};
	if (!attempt->root)
		return refuse(attempt, why.text);
	if (caller_step_out(&entered->session.caller, &error) < 0)
		return let_in(attempt, LOG_ALERT, "uid 0, IN THAT SESSION", why.text);
	entered = NULL;
	let_in(attempt, LOG_ALERT, "uid 0; the process has left that session", why.text);
	login_free(&attempt->login);
	return decide(attempt);
}

/* The line with `close`.  It refuses nobody: the one that opens finds out what was not done. */
static int look_ahead(struct attempt *attempt)
{
	struct error error = {0};
	struct policy policy = {0};
	bool manager;
	struct ahead *ahead = ahead_look(attempt->pamh, attempt->options.conf, &manager);

	if (ahead && manager && find_login(attempt, &error) == 0 &&
		rules_match(ahead->rules, &attempt->login, &policy, &error) == 0 &&
		policy.isolate && policy.user_manager == USER_MANAGER_OFF)
		ahead_ask(attempt->pamh, ahead);
	return PAM_SUCCESS;
}

EXPORTED int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct attempt attempt = {.pamh = pamh, .silent = flags & PAM_SILENT};
	struct error error = {0};
	const char *service = item(pamh, PAM_SERVICE);
	const void *open = NULL;
	int result;

	if (rules_never_isolate(service))
		return PAM_SUCCESS;
	if (options_parse(&attempt.options, argc, argv, &error) < 0) {
		find_login(&attempt, &(struct error){0});
		result = undecided(&attempt, error.text);
	} else if (!attempt.options.open) {
		result = look_ahead(&attempt);
	} else if (pam_get_data(pamh, DATA_NAME, &open) == PAM_SUCCESS && open) {
		/* the line occurs twice in the stack: once is enough */
		result = PAM_SUCCESS;
	} else if (stranded) {
		find_login(&attempt, &error);
		result = half_isolated(&attempt, "this process could not leave an earlier session");
	} else if (entered && caller_is_here(&entered->session.caller)) {
		result = decide_inside(&attempt);
	} else {
		result = decide(&attempt);
	}
	if (attempt.options.open)
		ahead_forget(pamh);
	login_free(&attempt.login);
	return result;
}

/* ---- close ---- */

EXPORTED int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options options;
	struct error error = {0};
	const void *data = NULL;
	const struct record *record;

	(void)flags;
	/* a wrong argument was logged when the session was opened, and must not block the close */
	if (options_parse(&options, argc, argv, &error) == 0 && !options.close)
		return PAM_SUCCESS;
	if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS || !data)
		return PAM_SUCCESS;
	record = data;
	/* a fork of the application closes a session of its parent: that ends with the parent */
	if (!caller_is_here(&record->session.caller))
		return PAM_SUCCESS;
	close_record(pamh, (struct record *)data, "logout");
	pam_set_data(pamh, DATA_NAME, NULL, NULL);
	return PAM_SUCCESS;
}
