#include "diagnostics.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *severity_name(enum severity severity)
{
	return severity == SEVERITY_ERROR ? "error" : "warning";
}

/* A copy of the line that can be shown: a terminal must not obey what a file contains. */
static char *printable_copy(const char *source)
{
	char *copy = strdup(source);

	for (char *byte = copy; byte && *byte; byte++)
		if (((unsigned char)*byte < ' ' && *byte != '\t') || *byte == 0x7f)
			*byte = '?';
	return copy;
}

static struct diagnostic *append(struct diagnostics *diagnostics)
{
	struct diagnostic *list =
		reallocarray(diagnostics->list, diagnostics->count + 1, sizeof *diagnostics->list);

	if (!list)
		return NULL;
	diagnostics->list = list;
	return &list[diagnostics->count];
}

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, const char *file,
	unsigned line, unsigned column, const char *source, const char *format, ...)
{
	struct diagnostic *diagnostic = append(diagnostics);
	char *text = NULL;
	va_list args;
	int length;

	/* counted even when it cannot be kept: an error must never look like none */
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
		.text = text,
		.source = source ? printable_copy(source) : NULL,
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

/* The line, and under it a caret at the column; tabs stay tabs so that both line up. */
static void print_source(const struct diagnostic *diagnostic, FILE *stream)
{
	fprintf(stream, "    %s\n", diagnostic->source);
	if (!diagnostic->column)
		return;
	fputs("    ", stream);
	for (unsigned i = 1; i < diagnostic->column && diagnostic->source[i - 1]; i++) {
		unsigned char byte = (unsigned char)diagnostic->source[i - 1];

		/* the bytes of one UTF-8 character stand in one place */
		if ((byte & 0xc0) != 0x80)
			fputc(byte == '\t' ? '\t' : ' ', stream);
	}
	fputs("^\n", stream);
}

void diagnostics_print(const struct diagnostics *diagnostics, FILE *stream)
{
	char where[512];

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *diagnostic = &diagnostics->list[i];

		place(diagnostic, where, sizeof where);
		fprintf(stream, "%s: %s: %s\n", where, severity_name(diagnostic->severity),
			diagnostic->text);
		if (diagnostic->source)
			print_source(diagnostic, stream);
	}
	if (diagnostics->lost)
		fputs("some findings were lost: no memory\n", stream);
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
