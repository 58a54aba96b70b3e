#include "diagnostics.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *diagnostics_severity_name(enum severity severity)
{
	return severity == SEVERITY_ERROR ? "error" : "warning";
}

/* A terminal must not interpret what a file contains. */
static char *make_printable(char *text)
{
	for (char *byte = text; byte && *byte; byte++)
		if (((unsigned char)*byte < ' ' && *byte != '\t') || *byte == 0x7f)
			*byte = '?';
	return text;
}

/* Makes room for one more; doubles at each power of two. */
static struct diagnostic *append(struct diagnostics *diagnostics)
{
	size_t count = diagnostics->count;
	struct diagnostic *list = diagnostics->list;

	if (!(count & (count - 1))) {
		list = reallocarray(list, count ? count * 2 : 1, sizeof *list);
		if (!list)
			return NULL;
		diagnostics->list = list;
	}
	return &list[count];
}

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, const char *file,
	unsigned line, unsigned column, const char *source, const char *format, ...)
{
	struct diagnostic *diagnostic = append(diagnostics);
	char *text = NULL;
	va_list args;
	int length;

	/* counted even when it cannot be stored: an error must never go unnoticed */
	if (severity == SEVERITY_ERROR)
		diagnostics->errors++;
	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (!diagnostic || length < 0) {
		diagnostics->lost = 1;
		if (length >= 0)
			free(text);
		return;
	}
	*diagnostic = (struct diagnostic){
		.severity = severity,
		.file = strdup(file),
		.line = line,
		.column = column,
		.text = make_printable(text),
		.source = source ? make_printable(strdup(source)) : NULL,
	};
	diagnostics->count++;
}

static void place(const struct diagnostic *diagnostic, char *text, size_t size)
{
	const char *file = diagnostic->file ? diagnostic->file : "(no memory)";

	if (!diagnostic->line)
		snprintf(text, size, "%s", file);
	else if (!diagnostic->column)
		snprintf(text, size, "%s:%u", file, diagnostic->line);
	else
		snprintf(text, size, "%s:%u:%u", file, diagnostic->line, diagnostic->column);
}

/* Findings without a file name, after running out of memory, come first. */
static int compare(const void *left, const void *right)
{
	const struct diagnostic *a = left, *b = right;
	int order = strcmp(a->file ? a->file : "", b->file ? b->file : "");

	if (!order)
		order = (a->line > b->line) - (a->line < b->line);
	if (!order)
		order = (a->column > b->column) - (a->column < b->column);
	return order;
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
	/* glibc's qsort is a merge sort as long as there is memory, but nothing depends on that */
	if (diagnostics->count)
		qsort(diagnostics->list, diagnostics->count, sizeof *diagnostics->list, compare);
}

void diagnostics_first_error(const struct diagnostics *diagnostics, char *text, size_t size)
{
	char where[512];

	for (size_t i = 0; i < diagnostics->count; i++) {
		if (diagnostics->list[i].severity != SEVERITY_ERROR)
			continue;
		place(&diagnostics->list[i], where, sizeof where);
		snprintf(text, size, "%s: error: %s", where, diagnostics->list[i].text);
		return;
	}
	snprintf(text, size, "%s",
		diagnostics->lost ? "no memory to say what is wrong" : "no error");
}

/* ---- for people ---- */

#define INDENT "    "
#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define YELLOW "\033[1;33m"
#define GREEN "\033[1;32m"
#define PLAIN "\033[0m"

static const char *in_colour(const struct diagnostics_style *style, const char *escape)
{
	return style->colour ? escape : "";
}

static bool continues(char byte)
{
	/* the bytes of one UTF-8 character take one column */
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Columns that the first @length bytes take; a tab is shown as one blank. */
static size_t columns(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += !continues(text[i]);
	return count;
}

/* The part of the line to show, including the caret's byte: all of it if it fits. */
static void choose_part(const struct diagnostic *diagnostic, size_t width, size_t *from, size_t *to)
{
	const char *source = diagnostic->source;
	size_t length = strlen(source);
	size_t caret = diagnostic->column ? diagnostic->column - 1 : 0;

	*from = 0;
	*to = length;
	if (!width || columns(source, length) <= width)
		return;
	if (columns(source, caret) > width * 2 / 3)
		while (columns(source + *from, caret - *from) > width / 2 ||
			continues(source[*from]))
			++*from;
	while (columns(source + *from, *to - *from) > width || continues(source[*to]))
		--*to;
}

/* The line, and under it a caret at the column. */
static void show_source(
	const struct diagnostic *diagnostic, const struct diagnostics_style *style, FILE *stream)
{
	size_t from, to;
	size_t width = style->width > strlen(INDENT) ? style->width - strlen(INDENT) : 0;

	choose_part(diagnostic, width, &from, &to);
	fputs(INDENT, stream);
	for (size_t i = from; i < to; i++)
		fputc(diagnostic->source[i] == '\t' ? ' ' : diagnostic->source[i], stream);
	fputc('\n', stream);
	if (diagnostic->column)
		fprintf(stream, INDENT "%*s%s^%s\n",
			(int)columns(diagnostic->source + from, diagnostic->column - 1 - from), "",
			in_colour(style, GREEN), in_colour(style, PLAIN));
}

void diagnostics_show(
	const struct diagnostics *diagnostics, const struct diagnostics_style *style, FILE *stream)
{
	char where[PATH_MAX + 32];

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *diagnostic = &diagnostics->list[i];
		const char *colour = diagnostic->severity == SEVERITY_ERROR ? RED : YELLOW;

		place(diagnostic, where, sizeof where);
		fprintf(stream, "%s%s:%s %s%s:%s %s\n", in_colour(style, BOLD), where,
			in_colour(style, PLAIN), in_colour(style, colour),
			diagnostics_severity_name(diagnostic->severity), in_colour(style, PLAIN),
			diagnostic->text);
		if (diagnostic->source)
			show_source(diagnostic, style, stream);
	}
	if (diagnostics->lost)
		fputs("some findings were lost: no memory\n", stream);
}

void diagnostics_print(const struct diagnostics *diagnostics, FILE *stream)
{
	diagnostics_show(diagnostics, &(struct diagnostics_style){0}, stream);
}

void diagnostics_free(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		free(diagnostics->list[i].file);
		free(diagnostics->list[i].text);
		free(diagnostics->list[i].source);
	}
	free(diagnostics->list);
	*diagnostics = (struct diagnostics)DIAGNOSTICS_EMPTY;
}
