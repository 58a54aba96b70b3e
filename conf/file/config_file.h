/*
 * config_file.h - the bytes of one configuration file, if it may be trusted.
 */
#ifndef NSISOLATE_CONFIG_FILE_H
#define NSISOLATE_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "diagnostics.h"

/*
 * The bytes of the file @path, taken from the file @from, which is the same one except for a change
 * that is only tried; findings name @path.
 *
 * Opens @from without waiting (a FIFO, a tape), makes sure that it is a regular file of at most
 * CONFIG_SIZE_MAX bytes and, when root asks, that nobody but root can write it; then reads it once.
 * Returns its bytes, ended by a NUL that does not count to *@size; NULL with a finding added.
 */
char *config_file_read(
	const char *path, const char *from, size_t *size, struct diagnostics *diagnostics);

/*
 * The paths of the files *.conf in the directory @path, sorted as bytes, NULL-terminated and each
 * allocated; except links to /dev/null, by which a drop-in of a package is masked.  @more is one
 * of them although it is not there yet, if it lies in this directory; it may be NULL.  NULL when
 * there is no such directory, or with a finding added when it may not be trusted or cannot be read.
 */
char **config_file_list(const char *path, const char *more, struct diagnostics *diagnostics);

/* Whether a file of this name is read where it lies among drop-ins. */
bool config_file_is_drop_in(const char *path);

/*
 * Warns of files beside the drop-ins of @path that are not read because of their names.
 */
void config_file_lint(const char *path, struct diagnostics *diagnostics);

/*
 * Of the configuration at @path, the files and directories that not everybody can read, as their
 * modes and those of the directories above them say: who reads it as a user (nsisolate-shell) is
 * refused.  As config_file_list gives them; NULL with errno when out of memory.
 */
char **config_file_closed(const char *path);

#endif
