/*
 * lines.h - the lines of a stack as libpam took them, and what libpam finds in place of the files
 * and modules that it asks for.
 *
 * libpam calls fopen, dlopen, dlsym, dlclose, dlerror, syslog and audit_open of this program, not
 * of the C library: stand_ins.c.  So it reads, parses and decides itself, but nothing of a module
 * is ever loaded, nothing is logged, and each line is a function of ours: functions.c.
 */
#ifndef NSISOLATE_JUDGE_LINES_H
#define NSISOLATE_JUDGE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "facts.h"
#include "pam_module/module_args.h"

#define LINES_MAX 512 /* more in one service: it is not judged */
#define ARGUMENTS_MAX 64

struct line {
	char type; /* 'a'uth, 'c' for account, 's'ession, 'p'assword */
	const char *file;
	unsigned number; /* of the first of its lines in the file */
	const char *module; /* its path, as libpam loads it */
	bool there; /* the file of the module is */
	bool able; /* it can be loaded, and has the function that this type asks for */
	/* it is the stack `other` that has it, for services that have none of the type */
	bool other;
	bool ours;
	struct options options; /* of ours, when it is reached; wrong: they refuse */
	bool wrong;
	struct error fault; /* why */
	bool named; /* the arguments are known: they are when it was reached */
	int argument_count;
	char *arguments[ARGUMENTS_MAX];
	unsigned part;
	bool fixed; /* the answer is, for this run; else it is the run's mode that says */
	int answer;
};

extern struct line lines[LINES_MAX];
extern size_t line_count;
extern bool lines_overflow; /* there are more */

/* One file that libpam asked for, in this order. */
struct asked_file {
	char *path;
	int errnum; /* why it was not there; 0: it was */
};

extern struct asked_file asked_files[FILES_MAX];
extern size_t asked_count;

/* What libpam would have written to the system log while it read. */
struct complaint {
	const char *file; /* that it was reading; NULL: none */
	unsigned number;
	const char *text;
};

extern struct complaint complaints[LINES_MAX];
extern size_t complaint_count;

/* In the place of a file while libpam reads. */
struct instead {
	const char *path;
	const char *text; /* NULL: it is not there */
	size_t length;
	bool broken; /* a module, which is there, and cannot be loaded */
};

extern struct instead *insteads;
extern size_t instead_count;

/* The function of the line @index: functions.c.  Its type is libpam's, for whatever it calls. */
void *line_function(size_t index);

/* libpam came to the line @index; what it is told: runs.c. */
int line_reached(size_t index, int argc, const char **argv);

/* Notes one of ours, about where libpam is. */
void note_complaint(const char *text);

/* Whether libpam is still reading, so that what it logs is about the files. */
extern bool reading;

#endif
