/* config_lines.h - the lines of other programs' configuration: a file and its drop-ins. */
#ifndef NSISOLATE_CTL_CONFIG_LINES_H
#define NSISOLATE_CTL_CONFIG_LINES_H

#include <stddef.h>

/*
 * Calls @take, with @data, for each line of the files that match the @count @patterns of glob(7):
 * one pattern after the other, the files of each sorted by name.  Unreadable files are skipped; a
 * line of more than 511 bytes comes in pieces.
 */
void config_lines(const char *const patterns[], size_t count,
	void (*take)(const char *line, void *data), void *data);

#endif
