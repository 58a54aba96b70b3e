/* command.h - the commands of nsisolatectl: one row and one file for each. */
#ifndef NSISOLATE_CTL_COMMAND_H
#define NSISOLATE_CTL_COMMAND_H

#define NAME "nsisolatectl"

struct command {
	const char *name;
	const char *arguments; /* as the usage shows them */
	const char *summary;
	/* @argv[0] is the command's name; returns the program's exit status */
	int (*run)(int argc, char **argv);
};

/* The exit status for wrong usage; sysexits' EX_USAGE means more than that. */
#define STATUS_USAGE 2

int command_check(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_census(int argc, char **argv);
int command_edit(int argc, char **argv);
int command_list(int argc, char **argv);
int command_tree(int argc, char **argv);
int command_enter(int argc, char **argv);
int command_end(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_enable(int argc, char **argv);
int command_disable(int argc, char **argv);

/* Prints the usage of the command to standard error; returns STATUS_USAGE. */
int command_usage(const char *name);

#endif
