/*
 * text_lines.h - the text of a PAM file, as far as an editor needs to know it: where a line begins
 * and ends, and its first words.  What the lines mean, libpam says (pam_verdict.h).
 */
#ifndef NSISOLATE_CTL_TEXT_LINES_H
#define NSISOLATE_CTL_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define TEXT_LINE_MAX 1024 /* longer ones are cut: no word further on matters here */
#define TEXT_WORDS 4

/* A whole file; @bytes is on the heap and followed by a NUL. */
struct stack_text {
	char *bytes;
	size_t size;
};

static inline void cleanup_text(struct stack_text *text)
{
	free(text->bytes);
}
#define _cleanup_text_ __attribute__((cleanup(cleanup_text)))

bool text_same(const struct stack_text *one, const struct stack_text *other);

/*
 * One line in the sense of pam.conf(5): lines joined by a backslash are one; blank lines and
 * comments do not count, not even between joined lines.
 */
struct text_line {
	size_t begin, end; /* start of its first and end of its last part, newline included */
	bool open; /* a backslash at the end of the file: the line is incomplete */
	char text[TEXT_LINE_MAX]; /* all parts, without backslashes and comments */
	char *words[TEXT_WORDS]; /* pointers into @text, which was split; NULL after the last */
};

/* Position of a walk over a text; initialise with {.text = TEXT}. */
struct text_walk {
	const struct stack_text *text;
	size_t at;
};

/* The next line; false at the end. */
bool text_walk_next(struct text_walk *walk, struct text_line *line);

/*
 * The physical line that begins at *@at, from @begin to @end, newline included; advances *@at to
 * its end.  False at the end of the text.
 */
bool text_next(const struct stack_text *text, size_t *at, size_t *begin, size_t *end);

/* Whether these bytes, a physical line, are blank or a comment. */
bool text_is_comment(const struct stack_text *text, size_t begin, size_t end);

/* Cuts out the line whose first part is the @number-th physical line; false: there is none. */
bool text_cut_line(struct stack_text *text, unsigned number);

/* Whether @text ends in an open line, which text added there would continue. */
bool text_ends_open(const struct stack_text *text);

/* Whether the line names our module.  @service_first: it is one of /etc/pam.conf. */
bool text_line_is_ours(const struct text_line *line, bool service_first);

/* How many lines of @text name our module. */
unsigned text_count_ours(const struct stack_text *text, bool service_first);

#endif
