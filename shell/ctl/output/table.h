/* table.h - rows and columns of words, aligned, at most as wide as the terminal. */
#ifndef NSISOLATE_CTL_TABLE_H
#define NSISOLATE_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
	const char *name;
	bool right; /* aligned to the right: a number, which is never cut */
	unsigned drop; /* left out if the line is too long: the highest first; 0: never */
};

/*
 * @cells holds @rows rows of @columns words; NULL or "" is shown as "-"; a byte takes one column of
 * the terminal.  What is too wide for @width (0: no limit) is cut and ends in '~': only text, down
 * to eight bytes, and never the first column.  After that columns are left out.  Shows @most rows
 * (0: all).
 */
void table_show(const struct table_column *columns, size_t column_count, char *const *cells,
	size_t rows, size_t most, size_t width, FILE *stream);

#endif
