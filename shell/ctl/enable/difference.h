/*
 * difference.h - what a change of a file would be, as diff -u shows it and patch(1) takes it.
 */
#ifndef NSISOLATE_CTL_DIFFERENCE_H
#define NSISOLATE_CTL_DIFFERENCE_H

#include <stdio.h>

#include "text_lines.h"

/*
 * Of two texts of which one has all lines of the other, in that order, and more.  NULL for @before
 * or
 * @after: there is no such file.  Returns 0 or -ENOMEM.
 */
int difference_show(const char *path, const struct stack_text *before,
	const struct stack_text *after, FILE *stream);

#endif
