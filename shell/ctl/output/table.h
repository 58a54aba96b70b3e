/*
 * table.h - rows and columns of words, aligned, and as wide as the terminal at most.
 */
#ifndef NSISOLATE_CTL_TABLE_H
#define NSISOLATE_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
	const char *name;
	bool right; /* aligned to the right: a number, which is never cut */
	unsigned drop; /* left out where there is no room: the highest first; 0: never */
};

/*
 * @cells holds @rows rows of @columns words, NULL or "" being shown as "-"; a byte is a column of
 * the terminal.  What is too wide for @width (0: no limit) is cut, and ends in a '~' then: text,
 * down to eight bytes, and never the first column.  After that columns are left out.  Shows @most
 * rows (0: all).
 */
void table_show(const struct table_column *columns, size_t column_count, char *const *cells,
	size_t rows, size_t most, size_t width, FILE *stream);

#endif
