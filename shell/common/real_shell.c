#include "real_shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "environment.h"

#define CONFIG_OPTION "--config="

static bool is_file(const struct stat *status, const char *path)
{
	struct stat other;

	return stat(path, &other) == 0 && other.st_dev == status->st_dev &&
	       other.st_ino == status->st_ino;
}

/*
 * Whether @path leads to nsisolate-shell: by name, by a link, or to the copy that we were started
 * as; or to its second step.
 */
static bool is_self(const char *path)
{
	const char *self = getenv(ENVIRONMENT_SELF);
	struct stat status;

	if (!strcmp(path, NSISOLATE_SHELL) || !strcmp(path, NSISOLATE_LOGIN))
		return true;
	if (stat(path, &status) < 0)
		return false;
	return is_file(&status, NSISOLATE_SHELL) ||
	       (self && strcmp(self, NSISOLATE_SHELL) != 0 && is_file(&status, self));
}

int real_shell_find(const char **shell, const struct policy *policy, const struct login *login,
	struct error *error)
{
	if (*policy->shell) {
		if (is_self(policy->shell))
			return error_set(error, ELOOP,
				"rule [%s]: shell = %s is nsisolate-shell itself, which would "
				"start itself for ever: name the real shell",
				policy->rule, policy->shell);
		*shell = policy->shell;
		return 0;
	}
	/* passwd(5): an empty field means /bin/sh */
	*shell = *login->shell && !is_self(login->shell) ? login->shell : REAL_SHELL_LAST;
	return 0;
}

bool real_shell_is_login(const char *argv0)
{
	return argv0 && argv0[0] == '-';
}

const char *real_shell_take_config(int *argc, char ***argv)
{
	const char *config;

	if (*argc < 2 || strncmp((*argv)[1], CONFIG_OPTION, strlen(CONFIG_OPTION)) != 0)
		return NULL;
	config = (*argv)[1] + strlen(CONFIG_OPTION);
	(*argv)[1] = (*argv)[0];
	++*argv;
	--*argc;
	return config;
}

char **real_shell_argv(const char *shell, int argc, char **argv, const char *original_command)
{
	bool nothing_to_do = argc == 1 || (argc == 2 && !strcmp(argv[1], "-l"));
	char **words = calloc((size_t)argc + 3, sizeof *words);

	if (!words)
		return NULL;
	words[0] = (char *)shell;
	if (original_command && nothing_to_do && !real_shell_is_login(argv[0])) {
		words[1] = (char *)"-c";
		words[2] = (char *)original_command;
		return words;
	}
	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	return words;
}
