/*
 * lookalike.h - characters that are mistaken for others: what a word processor, a web page or
 * another keyboard puts in place of a blank, a quote, a dash or a comma.
 */
#ifndef NSISOLATE_LOOKALIKE_H
#define NSISOLATE_LOOKALIKE_H

#include <stdbool.h>
#include <stddef.h>

#define LOOKALIKE_TEXT_MAX 80

/*
 * The first character of @text that looks like another one, or is not UTF-8; with @any, the first
 * that is not ASCII.  False when there is none.  *@offset is its byte, and @what names it: "U+00A0
 * (no-break space)".
 */
bool lookalike_find(const char *text, bool any, size_t *offset, char what[LOOKALIKE_TEXT_MAX]);

#endif
