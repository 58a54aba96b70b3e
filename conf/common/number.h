/*
 * number.h - a word that is a number.
 */
#ifndef NSISOLATE_NUMBER_H
#define NSISOLATE_NUMBER_H

#include <errno.h>
#include <stdlib.h>

/* The decimal number that is all of @text, at most @limit (of a long long); -1: it is not one. */
static inline long long number_parse(const char *text, unsigned long long limit)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number > limit)
		return -1;
	return (long long)number;
}

#endif
