/*
 * nsisolate-login - what nsisolate-shell becomes: by the same rules as the PAM module, but without
 * privilege, it decides what the login gets: nsisolate-shell(8).
 *
 * Then it execs nsisolate-init, which does the work; if no rule isolates, or the session is already
 * isolated, it execs the real shell.  It is dynamically linked, for NSS and iniparser, and so
 * nsisolate-shell starts it, without the caller's environment: environment.h.  Started by hand,
 * without that, it uses its own environment as the caller's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "conf/common/session_facts.h"
#include "conf/common/session_log.h"
#include "conf/login/login.h"
#include "conf/rules/rules.h"
#include "conf/rules/session_observed.h"
#include "shell/common/environment.h"
#include "shell/common/own_session.h"
#include "shell/common/real_shell.h"

/* In messages, rules and logs: the program that the user started, which became this one. */
#define NAME "nsisolate-shell"

/* The arguments of main, without --config. */
struct request {
	int argc;
	char **argv;
	const char *config;
	bool login; /* the real shell will be a login shell */
	int stored; /* the caller's environment, for nsisolate-init */
	char **environment;
};

static void show(const char *text)
{
	dprintf(STDERR_FILENO, NAME ": %s\n", text);
}

static void log_line(int priority, const char *line)
{
	openlog(NAME, LOG_PID, LOG_AUTHPRIV);
	syslog(priority, "%s", line);
	closelog();
}

/* Reports it to the user and to the log; @let_in: why the user gets a shell anyway, or NULL. */
static void show_failed(const struct login *login, const char *let_in, const char *why)
{
	char line[SESSION_LOG_MAX];

	show(why);
	session_log_failed(login->user, let_in, why, line);
	log_line(!let_in ? LOG_ERR : login->uid == 0 ? LOG_ALERT : LOG_WARNING, line);
	if (let_in)
		dprintf(STDERR_FILENO, NAME ": this session is not isolated (%s)\n", let_in);
}

/*
 * From here on SHELL is the real one: programs that start shells must not nest a session in each.
 */
static int prepare_shell(const struct request *request, const struct policy *policy,
	const struct login *login, const char **shell, char ***words, struct error *error)
{
	int result = real_shell_find(shell, policy, login, error);

	if (result < 0 && login->uid == 0) {
		/* never locked out: its own shell, whatever the rule says */
		show(error->text);
		result = real_shell_find(shell, &(struct policy){0}, login, error);
	}
	if (result < 0)
		return result;
	*words = real_shell_argv(*shell, request->argc, request->argv,
		environment_get(request->environment, "SSH_ORIGINAL_COMMAND"));
	if (!*words)
		return error_errno(error, ENOMEM, "cannot start %s", *shell);
	result = environment_set_shell(request->environment, *shell);
	return result < 0 ? error_errno(error, -result, "cannot start %s", *shell) : 0;
}

/* Execs the real shell without a session; returns main's status when it cannot be run. */
static int exec_shell(const struct request *request, const char *shell, char **words)
{
	char name[256];
	const char *slash = strrchr(shell, '/');

	if (request->login) {
		snprintf(name, sizeof name, "-%s", slash ? slash + 1 : shell);
		words[0] = name;
	}
	fcntl(request->stored, F_SETFD, FD_CLOEXEC);
	execve(shell, words, request->environment);
	dprintf(STDERR_FILENO, NAME ": cannot run %s: %s\n", shell, strerror(errno));
	return errno == ENOENT || errno == ENOTDIR ? 127 : 126;
}

/* The policy is known but could not be applied: main's status, unless the shell is run without. */
static int unable(const struct request *request, const struct policy *policy,
	const struct login *login, char **words, const struct error *error)
{
	const char *let_in = login->uid == 0 ? "uid 0"
			     : policy->on_error == ON_ERROR_ALLOW && error->lacking
				     ? "on_error = allow"
				     : NULL;

	show_failed(login, let_in, error->text);
	return let_in ? exec_shell(request, words[0], words) : EXIT_FAILURE;
}

/* Execs nsisolate-init, which makes the session and runs the real shell in it. */
static int exec_init(const struct request *request, const struct policy *policy,
	const struct login *login, char **words)
{
	struct policy_argv options;
	char title[SESSION_TITLE_MAX], user[256], from[80], stored[48], *none[] = {NULL};
	struct error error;
	size_t count = 0;
	int errnum;
	_cleanup_free_ char **argv = NULL;
	char **word;

	while (words[count])
		count++;
	policy_to_argv(policy, &options);
	argv = word = calloc(count + (size_t)options.count + 8, sizeof *argv);
	if (!argv) {
		show("no memory");
		return EXIT_FAILURE;
	}
	snprintf(user, sizeof user, "--log=%s", login->user);
	snprintf(from, sizeof from, "--from=%s", login->rhost ? login->rhost : "");
	session_title_write(title, login->user, policy->rule, NAME);
	*word++ = title;
	*word++ = (char *)"--user";
	if (request->login)
		*word++ = (char *)"--login";
	snprintf(stored, sizeof stored, "--environment=%d", request->stored);
	*word++ = stored;
	*word++ = user;
	*word++ = from;
	memcpy(word, options.option, (size_t)options.count * sizeof *word);
	word += options.count;
	*word++ = (char *)"--";
	memcpy(word, words, count * sizeof *word);
	execve(NSISOLATE_INIT, argv, none);
	errnum = errno;
	error_errno(&error, errnum, "cannot run " NSISOLATE_INIT);
	error.lacking = errnum == ENOENT || errnum == EACCES; /* not installed */
	return unable(request, policy, login, words, &error);
}

/* Only to the log: the user cannot do anything about it. */
static void log_doubt(const struct login *login, const struct policy *policy)
{
	char line[SESSION_LOG_MAX];

	if (!*login->doubt.text)
		return;
	session_log_doubt(login->user, policy, login->doubt.text, line);
	log_line(LOG_WARNING, line);
}

static void log_observed(const struct login *login, const struct policy *policy)
{
	char line[SESSION_LOG_MAX];

	session_observed(login, policy, line);
	log_line(LOG_INFO, line);
}

/* The client's address from sshd's SSH_CONNECTION, "ADDRESS PORT ADDRESS PORT". */
static const char *client_address(char *const *environment, char *address, size_t size)
{
	const char *connection = environment_get(environment, "SSH_CONNECTION");
	size_t length = connection ? strcspn(connection, " ") : 0;

	if (!length || length >= size)
		return NULL;
	memcpy(address, connection, length);
	address[length] = '\0';
	return address;
}

static struct request parse(int argc, char **argv)
{
	struct request request = {.argc = argc, .argv = argv, .stored = -1};

	request.login = real_shell_is_login(argv[0]);
	request.config = real_shell_take_config(&request.argc, &request.argv);
	if (!request.config)
		request.config = NSISOLATE_CONF;
	return request;
}

/* The caller's environment, which nsisolate-shell stored. */
static int take_environment(struct request *request, struct error *error)
{
	const char *stored = getenv(ENVIRONMENT_FD);

	request->stored = stored ? atoi(stored) : environment_store(environ, error);
	return request->stored < 0
		       ? request->stored
		       : environment_load(request->stored, &request->environment, error);
}

/* Whose session it is; uid 0 gets an entry even when NSS has none. */
static int find_login(struct login *login, struct error *error)
{
	int result = login_by_uid(login, getuid(), error);

	if (result < 0 && getuid() == 0) {
		show(error->text);
		login->user = strdup("root");
		login->shell = strdup("");
		result = login->user && login->shell ? 0 : result;
	}
	login->service = NAME;
	login->tty = ttyname(STDIN_FILENO);
	return result;
}

/* Becomes the session, or the real shell; returns main's status when it cannot. */
static int start(const struct request *request, struct login *login)
{
	const bool isolated = own_session();
	struct policy policy = {0};
	struct error error = {0};
	const char *shell;
	_cleanup_free_ char **words = NULL;

	/* the rule names the shell of an isolated session, too */
	if (rules_decide(request->config, login, &policy, &error) < 0) {
		const char *let_in = login->uid == 0 ? "uid 0" : NULL;

		policy = (struct policy){0};
		if (isolated)
			show(error.text);
		else
			show_failed(login, let_in, error.text);
		if (!isolated && !let_in)
			return EXIT_FAILURE;
	}
	if (!isolated)
		log_doubt(login, &policy);
	if (!isolated && policy.observe)
		log_observed(login, &policy);
	if (prepare_shell(request, &policy, login, &shell, &words, &error) < 0) {
		show_failed(login, NULL, error.text);
		return EXIT_FAILURE;
	}
	if (isolated || !policy.isolate)
		return exec_shell(request, shell, words);
	if (policy.user_manager == USER_MANAGER_OFF) {
		error_set(&error, EOPNOTSUPP,
			"user_manager = off: it was started before this program, which only "
			"pam_nsisolate.so can prevent");
		error.lacking = true;
		return unable(request, &policy, login, words, &error);
	}
	return exec_init(request, &policy, login, words);
}

int main(int argc, char **argv)
{
	static char *no_arguments[] = {(char *)NAME, NULL};
	struct request request = argc > 0 ? parse(argc, argv) : parse(1, no_arguments);
	struct login login = {0};
	struct error error = {0};
	char address[64];
	int status = EXIT_FAILURE;

	if (take_environment(&request, &error) < 0 || find_login(&login, &error) < 0) {
		show(error.text);
	} else {
		login.rhost = client_address(request.environment, address, sizeof address);
		status = start(&request, &login);
	}
	login_free(&login);
	environment_release(request.environment);
	if (request.stored >= 0)
		close(request.stored);
	return status;
}
