/*
 * nsisolatectl - the admin's view: nsisolatectl(8).
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "conf/common/array.h"

static const struct command commands[] = {
	{"check", "[--json] [FILE]", "say what is wrong with the configuration", command_check},
	{"explain", "[--service S] [--from ADDRESS] [--tty T] [--config FILE] [--json] USER",
		"say which rule a login falls under, and why", command_explain},
	{"census", "[--service S] [--json] USER",
		"say what a user learns of another one, with and without a session",
		command_census},
	{"edit", "[FILE]", "change the configuration; a broken one is never installed",
		command_edit},
	{"list", "[--json] [--watch] [--logins] [--old] [--left]",
		"show the sessions that live now", command_list},
	{"tree", "SESSION", "show the processes of a session", command_tree},
	{"enter", "[--root] SESSION [-- COMMAND [ARGUMENT...]]",
		"run a shell or a command in a session, as its user", command_enter},
	{"end", "[--now] SESSION... | --user USER [--now] | --old [--now]",
		"end sessions, as their rule's logout says or at once", command_end},
	{"doctor", "[--json]",
		"say what keeps this machine from isolating logins, and what bypasses isolation",
		command_doctor},
	{"enable", "[--dry-run] [--rescue-group GROUP] SERVICE...",
		"isolate logins by these PAM services, by editing their stacks", command_enable},
	{"disable", "[--dry-run] SERVICE... | --all", "undo enable", command_disable},
};

#define COUNT ARRAY_SIZE(commands)

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int command_usage(const char *name)
{
	const struct command *command = find(name);

	fprintf(stderr, "usage: " NAME " %s %s\n", command->name, command->arguments);
	return STATUS_USAGE;
}

static void show_commands(FILE *stream)
{
	fputs("usage: " NAME " COMMAND ...\n", stream);
	for (size_t i = 0; i < COUNT; i++)
		fprintf(stream, "\n  %s %s\n      %s\n", commands[i].name, commands[i].arguments,
			commands[i].summary);
	fputs("\nSee nsisolatectl(8).\n", stream);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = find(name);

	if (command)
		return command->run(argc - 1, argv + 1);
	if (!strcmp(name, "--help") || !strcmp(name, "help")) {
		show_commands(stdout);
		return 0;
	}
	if (!strcmp(name, "--version")) {
		puts(NAME " " NSISOLATE_VERSION);
		return 0;
	}
	if (*name)
		fprintf(stderr, NAME ": there is no command '%s'\n", name);
	show_commands(stderr);
	return STATUS_USAGE;
}
