/*
 * printable.h - names that somebody else chose, made harmless to a terminal and to the lines around
 * them.
 */
#ifndef NSISOLATE_CTL_PRINTABLE_H
#define NSISOLATE_CTL_PRINTABLE_H

#include <stddef.h>

/* Replaces every byte that is not printable ASCII by '?', in place; returns @text. */
char *printable(char *text);

/* The same for one word of a table, where a blank would start the next one. */
char *printable_word(char *text);

#endif
