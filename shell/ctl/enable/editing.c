#include "editing.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "shell/ctl/command.h"

#define STATUS_NOT_DONE 1

/* ^C and the like take effect when the work is done: only SIGKILL leaves a copy beside a file. */
static void hold_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

/* Whether it can stand in a PAM line, which has no quoting. */
static bool is_word(const char *word)
{
	return *word && !strpbrk(word, " \t\r\n#[]\\") && strlen(word) < 64;
}

/* The index of the first service; 0: wrong usage. */
static int take_options(int argc, char **argv, bool enable, struct editing *editing)
{
	static const struct option of_enable[] = {{"dry-run", no_argument, NULL, 'n'},
		{"rescue-group", required_argument, NULL, 'g'}, {0}};
	static const struct option of_disable[] = {
		{"dry-run", no_argument, NULL, 'n'}, {"all", no_argument, NULL, 'a'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", enable ? of_enable : of_disable, NULL)) !=
		-1) {
		if (option == 'n')
			editing->dry_run = true;
		else if (option == 'a')
			editing->all = true;
		else if (option == 'g' && is_word(optarg))
			snprintf(editing->arguments, sizeof editing->arguments, " rescue_group=%s",
				optarg);
		else
			return 0;
	}
	/* either names, or --all */
	return (optind < argc) == editing->all ? 0 : optind;
}

static int edit_one(const char *service, const struct editing *editing, edit_service *edit)
{
	struct error error = {0};
	int result = edit(service, editing, &error);

	if (fflush(stdout) != 0)
		fprintf(stderr, NAME ": cannot write the report: %s\n", strerror(errno));
	if (result == 0)
		return 0;
	fprintf(stderr, NAME ": %s%s%s\n", service ? service : "", service ? ": " : "", error.text);
	return STATUS_NOT_DONE;
}

int editing_run(int argc, char **argv, bool enable, edit_service *edit)
{
	struct editing editing = {0};
	int first = take_options(argc, argv, enable, &editing), status = 0;

	if (!first)
		return command_usage(argv[0]);
	if (geteuid() != 0) {
		fputs(NAME ": only root can change PAM stacks\n", stderr);
		return STATUS_NOT_DONE;
	}
	hold_signals();
	if (editing.all)
		return edit_one(NULL, &editing, edit);
	for (int i = first; i < argc; i++)
		status |= edit_one(argv[i], &editing, edit);
	return status;
}

int editing_of_generated(struct stack_file *file, enum generator generator, bool enable,
	const struct editing *editing, struct error *error)
{
	_cleanup_free_ char *path = strdup(file->path);
	_cleanup_text_ struct stack_text before = file->text;
	bool changed;
	int result;

	file->text = (struct stack_text){0};
	if (!path)
		return error_set(error, ENOMEM, "no memory");
	if (generator != GENERATOR_PROFILES) {
		generated_advise(generator, file, enable, stdout);
		return error_set(error, EPERM, "%s is unchanged", path);
	}
	if (editing->dry_run) {
		printf("%s\n", profiles_command(enable));
		return 0;
	}
	/* which replaces it */
	stack_close(file);
	fflush(stdout);
	result = profiles_switch(path, &before, enable, &changed, error);
	if (result < 0)
		return result;
	if (!enable)
		printf("%s: pam_nsisolate.so was removed, by `%s`\n", path,
			profiles_command(false));
	else if (!changed)
		printf("%s: already enabled\n", path);
	else
		printf("%s: from now on logins by all services that include it are isolated, as "
		       "the rules of " NSISOLATE_CONF " say, by `%s`\n",
			path, profiles_command(true));
	return 0;
}
