/*
 * printable.h - names that somebody else chose, so that they cannot do anything to a terminal or to
 * the lines around them.
 */
#ifndef NSISOLATE_CTL_PRINTABLE_H
#define NSISOLATE_CTL_PRINTABLE_H

#include <stddef.h>

/* Makes what is not printable ASCII a '?', in place; returns @text. */
char *printable(char *text);

/* The same for one word of a table, where a blank would begin the next one. */
char *printable_word(char *text);

#endif
