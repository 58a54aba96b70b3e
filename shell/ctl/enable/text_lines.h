/*
 * text_lines.h - the text of a PAM file, as far as an editor has to know it: where a line begins
 * and ends, and what its first words are.  What the lines come to, libpam says (pam_verdict.h).
 */
#ifndef NSISOLATE_CTL_TEXT_LINES_H
#define NSISOLATE_CTL_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define TEXT_LINE_MAX 1024 /* what is longer is cut: no word of it matters here */
#define TEXT_WORDS 4

/* The whole of a file; @bytes is on the heap, and has a NUL behind it. */
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
 * One line as pam.conf(5) has it: those that a backslash continues are one, blank lines and
 * comments are none, not even between the parts of one.
 */
struct text_line {
	size_t begin, end; /* of its first and behind its last part, newline included */
	bool open; /* a backslash at the end of the file: it waits for more */
	char text[TEXT_LINE_MAX]; /* all parts, without backslashes and comment */
	char *words[TEXT_WORDS]; /* in @text, which they cut; NULL: there are no more */
};

/* Where a walk over a text has come to; starts as {.text = TEXT}. */
struct text_walk {
	const struct stack_text *text;
	size_t at;
};

/* The next line; false at the end. */
bool text_walk_next(struct text_walk *walk, struct text_line *line);

/*
 * The physical line that begins at *@at, from @begin to @end, newline included; *@at becomes its
 * end.  False at the end of the text.
 */
bool text_next(const struct stack_text *text, size_t *at, size_t *begin, size_t *end);

/* Whether these bytes, a physical line, are blank or a comment. */
bool text_is_comment(const struct stack_text *text, size_t begin, size_t end);

/* Whether a line of @text is open at its end, and would go on with what is put there. */
bool text_ends_open(const struct stack_text *text);

/* Whether the line names our module.  @service_first: it is one of /etc/pam.conf. */
bool text_line_is_ours(const struct text_line *line, bool service_first);

/* How many lines of @text do. */
unsigned text_count_ours(const struct stack_text *text, bool service_first);

#endif
