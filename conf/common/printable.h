/*
 * printable.h - text that somebody else chose, made harmless to a log or a terminal.
 */
#ifndef NSISOLATE_PRINTABLE_H
#define NSISOLATE_PRINTABLE_H

/* Replaces every byte that is not printable ASCII by '?', in place; returns @text. */
static inline char *printable(char *text)
{
	for (char *byte = text; *byte; byte++)
		if (*byte < ' ' || *byte > '~')
			*byte = '?';
	return text;
}

#endif
