/*
 * pair.h - the two lines of ours in the text of a stack, put in and taken out.
 *
 * PAM closes in the order in which it opens.  So the first line closes, before all that stands
 * behind it, and the last one opens.  Before each stands a comment that says what the text was
 * without them, so that it can be given back byte for byte: no state is kept elsewhere.
 */
#ifndef NSISOLATE_CTL_PAIR_H
#define NSISOLATE_CTL_PAIR_H

#include <stdbool.h>

#include "text_lines.h"

/* What is put into a text. */
struct pair {
	bool first, last;
	const char *rescue_group; /* the argument of the last line; NULL: none */
};

/* What was taken out of one. */
struct pair_taken {
	unsigned lines; /* that named our module */
	bool restored; /* what is left is, byte for byte, what was there before they were put in */
	bool whole; /* nothing is left: the file was ours, and there was none before */
};

/*
 * All return 0 or -ENOMEM, and @result is the caller's to free.
 *
 * What the text is with these lines: the first one behind the comment that the file begins with,
 * the last one at the end, whose line is ended where it was not.
 */
int pair_put(const struct stack_text *text, const struct pair *pair, struct stack_text *result);

/*
 * A stack of ours in place of the vendor's, which it includes by its path so that the vendor's
 * updates arrive.
 */
int pair_around(const char *vendor, const struct pair *pair, struct stack_text *result);

/* What it is without those that pair_put put in and nobody has changed since. */
int pair_take_own(const struct stack_text *text, struct stack_text *result);

/*
 * What it is without any line that names our module, whoever wrote it, and our comments.
 * @service_first: the text is that of /etc/pam.conf.
 */
int pair_take_all(const struct stack_text *text, bool service_first, struct stack_text *result,
	struct pair_taken *taken);

#endif
