/*
 * pair.h - our two lines in the text of a stack: put in, and taken out.
 *
 * PAM closes in the order in which it opens.  So the first line closes, before all that stand
 * behind it, and the last one opens.  Before each stands a comment that records what the text was
 * without them, so that it can be restored byte for byte: no state is kept elsewhere.
 */
#ifndef NSISOLATE_CTL_PAIR_H
#define NSISOLATE_CTL_PAIR_H

#include <stdbool.h>

#include "text_lines.h"

/* What is added to a text. */
struct pair {
	bool first, last;
	const char *arguments; /* of the last line, each after a blank; NULL: none */
};

/* What was removed from one. */
struct pair_taken {
	unsigned lines; /* that named our module */
	bool restored; /* what is left is, byte for byte, what was there before they were added */
	bool whole; /* nothing is left: the file was ours, and there was none before */
};

/*
 * All return 0 or -ENOMEM, and the caller frees @result.
 *
 * The text with these lines added: the first one after the comment that the file starts with, the
 * last one at the end, after a newline where one is missing.
 */
int pair_put(const struct stack_text *text, const struct pair *pair, struct stack_text *result);

/*
 * A stack of ours instead of the vendor's, which it includes by path so that the vendor's updates
 * take effect.
 */
int pair_around(const char *vendor, const struct pair *pair, struct stack_text *result);

/* The text without the lines that pair_put added and nobody has changed since. */
int pair_take_own(const struct stack_text *text, struct stack_text *result);

/*
 * The text without any line that names our module, even others', and without our comments.
 * @service_first: it is the text of /etc/pam.conf.
 */
int pair_take_all(const struct stack_text *text, bool service_first, struct stack_text *result,
	struct pair_taken *taken);

#endif
