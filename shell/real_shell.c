#include "real_shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FALLBACK_SHELL "/bin/sh"

/* Whether @path leads to this very program: by name, link or copy of the link. */
static bool is_self(const char *path)
{
	struct stat self, other;

	if (!strcmp(path, NSISOLATE_SHELL))
		return true;
	return stat("/proc/self/exe", &self) == 0 && stat(path, &other) == 0 &&
	       self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

int real_shell_find(const char **shell, const struct policy *policy, const struct login *login,
	struct error *error)
{
	if (*policy->shell) {
		if (is_self(policy->shell))
			return error_set(error, ELOOP,
				"rule [%s]: shell = %s is nsisolate-shell itself, which would start "
				"itself for ever: name the real shell",
				policy->rule, policy->shell);
		*shell = policy->shell;
		return 0;
	}
	/* passwd(5): an empty field means /bin/sh */
	*shell = *login->shell && !is_self(login->shell) ? login->shell : FALLBACK_SHELL;
	return 0;
}

bool real_shell_is_login(const char *argv0)
{
	return argv0 && argv0[0] == '-';
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
