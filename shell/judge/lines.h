/*
 * lines.h - the lines of a stack as libpam read them, and what libpam gets in place of the files
 * and modules that it asks for.
 *
 * libpam calls this program's fopen, dlopen, dlsym, dlclose, dlerror, syslog and audit_open, not
 * the C library's: stand_ins.c.  So libpam itself reads, parses and decides, but no module is ever
 * loaded, nothing is logged, and each line calls a function of ours: functions.c.
 */
#ifndef NSISOLATE_JUDGE_LINES_H
#define NSISOLATE_JUDGE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "facts.h"
#include "pam_module/module_args.h"

#define LINES_MAX 512 /* a service with more is not judged */
#define ARGUMENTS_MAX 64

struct line {
	char type; /* 'a'uth, 'c' for account, 's'ession, 'p'assword */
	const char *file;
	unsigned number; /* of the first of its lines in the file */
	const char *module; /* its path, as libpam loads it */
	bool there; /* the module's file exists */
	bool able; /* it can be loaded, and has the function that this type asks for */
	/* the line is in the stack `other`, which serves services without a line of this type */
	bool other;
	bool ours;
	struct options options; /* if it is ours, once it was reached */
	bool wrong; /* ours refuses its arguments */
	struct error fault; /* why */
	bool named; /* the arguments are known, because the line was reached */
	int argument_count;
	char *arguments[ARGUMENTS_MAX];
	unsigned part;
	bool fixed; /* this run prescribes the answer; otherwise the run's mode decides */
	int answer;
};

extern struct line lines[LINES_MAX];
extern size_t line_count;
extern bool lines_overflow; /* there are more than LINES_MAX */

/* The files that libpam asked for, in that order. */
struct asked_file {
	char *path;
	int errnum; /* why it could not be opened; 0: it was */
};

extern struct asked_file asked_files[FILES_MAX];
extern size_t asked_count;

/* What libpam would have written to the system log while reading. */
struct complaint {
	const char *file; /* the one it was reading; NULL: none */
	unsigned number;
	const char *text;
};

extern struct complaint complaints[LINES_MAX];
extern size_t complaint_count;

/* What libpam gets in place of a file. */
struct replacement {
	const char *path;
	const char *text; /* NULL: no such file */
	size_t length;
	bool broken; /* a module that exists but cannot be loaded */
};

extern struct replacement *replacements;
extern size_t replacement_count;

/* The function of the line @index (functions.c), of the type that libpam calls. */
void *line_function(size_t index);

/* Called when libpam reaches the line @index; returns the answer for it: runs.c. */
int line_reached(size_t index, int argc, const char **argv);

/* Adds a complaint of our own about the place where libpam is. */
void note_complaint(const char *text);

/* Whether libpam is still reading: then what it logs is about the files. */
extern bool reading;

#endif
