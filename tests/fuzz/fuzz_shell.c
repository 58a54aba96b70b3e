/*
 * Fuzzing of nsisolate-shell's arguments and environment.  The input's lines: SSH_ORIGINAL_COMMAND,
 * SSH_CONNECTION, SHELL, argv[0] and the arguments; a line that is `-` alone unsets a variable.
 * What it would exec is looked at and not done.
 */
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/rules/rules.h"
#include "must.h"

static int fuzz_execve(const char *path, char *const *argv, char *const *environment);
static uid_t fuzz_getuid(void)
{
	return 65534; /* nobody, which exists everywhere */
}

/* The configuration is read once: it is always the same, and fuzzed by another target. */
static struct rules *loaded;
static int load_once(const char *path, struct rules **rules, struct diagnostics *diagnostics)
{
	int result = 0;

	if (strcmp(path, NSISOLATE_CONF) != 0)
		return rules_load(path, rules, diagnostics);
	if (!loaded)
		result = rules_load(path, &loaded, diagnostics);
	*rules = loaded;
	return result;
}

static void free_others(struct rules *rules)
{
	if (rules != loaded)
		rules_free(rules);
}

#define main shell_main
#define execve fuzz_execve
#define getuid fuzz_getuid
#define rules_load load_once
#define rules_free free_others
#include "shell/nsisolate-login.c"
#undef main

#define CONFIG_OPTION "--config="

enum { WORDS_MAX = 32 };

static struct {
	char *argv[WORDS_MAX + 2];
	int argc;
	const char *command; /* SSH_ORIGINAL_COMMAND */
} given;

/* The real shell's words: the given ones, or the command that the client asked sshd for. */
static void check_words(char *const *words)
{
	int argc = given.argc > 0 ? given.argc : 1; /* without argv[0] it uses its name */
	int from = given.argc > 1 && !strncmp(given.argv[1], CONFIG_OPTION, strlen(CONFIG_OPTION))
			   ? 2
			   : 1;

	/*
	 * only where no argument but -l was given; else `-c` and what follows are arguments
	 * themselves
	 */
	if (given.command && argc - from <= 1 && words[1] && !strcmp(words[1], "-c") && words[2] &&
		!strcmp(words[2], given.command)) {
		must(!words[3], "nothing follows the command");
		return;
	}
	for (int i = from; i < given.argc; i++)
		must(words[i - from + 1] && !strcmp(words[i - from + 1], given.argv[i]),
			"every argument is handed on");
	must(!words[argc - from + 1], "and none more");
}

static int fuzz_execve(const char *path, char *const *argv, char *const *environment)
{
	const char *shell = environment_get(environment, "SHELL");

	must(path[0] == '/' && strcmp(path, NSISOLATE_SHELL) != 0,
		"it is not itself that it execs");
	if (strcmp(path, NSISOLATE_INIT) != 0) {
		must(shell && strcmp(shell, NSISOLATE_SHELL) != 0, "SHELL is the real one");
	} else {
		must(!*environment, "nothing of the environment is the engine's own");
		must(!strcmp(argv[1], "--user"), "it asks for no privilege");
		while (strcmp(*argv, "--") != 0)
			must(*++argv, "the command stands behind --");
		argv++;
		must(**argv == '/', "the real shell has a path");
	}
	check_words(argv);
	/* returns like a failed exec; the process's exit frees what is left then */
	errno = ENOEXEC;
	return -1;
}

static void set(const char *name, const char *value)
{
	if (value && strcmp(value, "-") != 0)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rest = text, *argv[WORDS_MAX + 2];
	int status;

	must(text, "there is memory");
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < size; i++)
		if (!text[i])
			text[i] = '\n';
	set("SSH_ORIGINAL_COMMAND", strsep(&rest, "\n"));
	set("SSH_CONNECTION", strsep(&rest, "\n"));
	set("SHELL", strsep(&rest, "\n"));
	memset(&given, 0, sizeof given);
	while (rest && given.argc <= WORDS_MAX) {
		char *word = strsep(&rest, "\n");

		/* the fuzzer's file names do not exist */
		if (strncmp(word, CONFIG_OPTION, strlen(CONFIG_OPTION)) != 0 ||
			!strncmp(word, CONFIG_OPTION "/nowhere", strlen(CONFIG_OPTION "/nowhere")))
			given.argv[given.argc++] = word;
	}
	given.command = getenv("SSH_ORIGINAL_COMMAND");
	memcpy(argv, given.argv, sizeof argv);
	status = shell_main(given.argc, argv);
	must(status == 1 || status == 126 || status == 127, "without an exec it fails");
	free(text);
	return 0;
}
