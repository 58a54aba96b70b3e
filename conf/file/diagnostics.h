/*
 * diagnostics.h - findings about a configuration file, each with its place.
 *
 * Shown as `FILE:LINE:COLUMN: error: TEXT`; a place that has no line (the file cannot be opened)
 * as `FILE: error: TEXT`.
 */
#ifndef NSISOLATE_DIAGNOSTICS_H
#define NSISOLATE_DIAGNOSTICS_H

#include <stdbool.h>
#include <stdio.h>

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

struct diagnostic {
	enum severity severity;
	char *file;
	unsigned line; /* from 1; 0: the file as a whole */
	unsigned column; /* from 1, in bytes; 0: the line as a whole */
	char *text; /* what is wrong, what was expected, what to do; one printable line */
	char *source; /* the offending line, control bytes shown as '?'; NULL without a line */
};

struct diagnostics {
	struct diagnostic *list;
	size_t count;
	size_t errors; /* how many of them are errors */
	int lost; /* 1: memory ran out and a finding could not be kept */
};

#define DIAGNOSTICS_EMPTY \
	{                 \
		0         \
	}

/* @source is the whole line, or NULL. */
void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, const char *file,
	unsigned line, unsigned column, const char *source, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

/* Sorts them by file (files are read in order of their names), line and column. */
void diagnostics_sort(struct diagnostics *diagnostics);

/* The first error as one line for a log, without the source line, into @text (always ended). */
void diagnostics_first_error(const struct diagnostics *diagnostics, char *text, size_t size);

/* "error" or "warning" */
const char *diagnostics_severity_name(enum severity severity);

/* How to show findings. */
struct diagnostics_style {
	bool colour; /* by ANSI escapes */
	unsigned width; /* columns available for a source line; 0: unlimited */
};

/* All of them, each followed by its source line and a caret. */
void diagnostics_show(
	const struct diagnostics *diagnostics, const struct diagnostics_style *style, FILE *stream);

/* The same without colour and without a limit on the width. */
void diagnostics_print(const struct diagnostics *diagnostics, FILE *stream);

void diagnostics_free(struct diagnostics *diagnostics);

#endif
