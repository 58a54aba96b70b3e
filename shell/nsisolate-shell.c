/*
 * nsisolate-shell - a login shell that runs the user's real shell in a session of its own, by the
 * same rules as the PAM module, but without privilege: nsisolate-shell(8).
 *
 * This is its first step.  It is static, so that no variable can inject the user's code into it; it
 * stores the environment (environment.h) and becomes nsisolate-login, which decides.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <syslog.h>
#include <unistd.h>

#include "shell/common/environment.h"
#include "shell/common/log.h"
#include "shell/common/real_shell.h"

#define NAME "nsisolate-shell"

/*
 * The rules cannot be read.  uid 0 is never locked out: it gets the one shell that is known here.
 */
static int without_rules(int argc, char **argv, const struct error *error)
{
	const bool root = getuid() == 0;
	char uid[16], name[] = "-sh", **words;

	dprintf(STDERR_FILENO, NAME ": %s\n", error->text);
	snprintf(uid, sizeof uid, "%u", (unsigned)getuid());
	log_failed(uid, root, error->text);
	if (!root)
		return EXIT_FAILURE;
	dprintf(STDERR_FILENO, NAME ": this session is not isolated (uid 0)\n");
	real_shell_take_config(&argc, &argv);
	words = real_shell_argv(REAL_SHELL_LAST, argc, argv, getenv("SSH_ORIGINAL_COMMAND"));
	if (!words)
		return EXIT_FAILURE;
	if (real_shell_is_login(argv[0]))
		words[0] = name;
	execv(REAL_SHELL_LAST, words);
	dprintf(STDERR_FILENO, NAME ": cannot run " REAL_SHELL_LAST ": %s\n", strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

int main(int argc, char **argv)
{
	static char *no_arguments[] = {(char *)NAME, NULL};
	const char *path = (const char *)getauxval(AT_EXECFN);
	char stored[48], self[PATH_MAX + sizeof ENVIRONMENT_SELF], *known[] = {stored, self, NULL};
	struct error error = {0};
	int fd = environment_store(environ, &error);

	if (argc < 1) {
		argc = 1;
		argv = no_arguments;
	}
	if (fd >= 0) {
		snprintf(stored, sizeof stored, ENVIRONMENT_FD "=%d", fd);
		snprintf(self, sizeof self, ENVIRONMENT_SELF "=%.4095s", path ? path : "");
		execve(NSISOLATE_LOGIN, argv, known);
		error_errno(&error, errno, "cannot run " NSISOLATE_LOGIN);
		close(fd);
	}
	return without_rules(argc, argv, &error);
}
