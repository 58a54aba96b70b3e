/* difference.h - shows a change of a file as diff -u does, so that patch(1) can apply it. */
#ifndef NSISOLATE_CTL_DIFFERENCE_H
#define NSISOLATE_CTL_DIFFERENCE_H

#include <stdio.h>

#include "text_lines.h"

/*
 * For two texts of which one has all lines of the other, in that order, and more.  @before or
 * @after is NULL if that file does not exist.  Returns 0 or -ENOMEM.
 */
int difference_show(const char *path, const struct stack_text *before,
	const struct stack_text *after, FILE *stream);

#endif
