/*
 * private_dirs.h - the directories that a session can have private ones of: one row per directory,
 * used by the configuration and the engine alike.
 */
#ifndef NSISOLATE_PRIVATE_DIRS_H
#define NSISOLATE_PRIVATE_DIRS_H

#include <stddef.h>

/* Room for all names, each followed by a comma. */
#define PRIVATE_DIRS_TEXT_MAX 64

/* A set of them has bit 1 << index of this table for each. */
extern const char *const private_dirs[];
extern const size_t private_dirs_count;

/* The set that @list names, separated by commas and nothing else; 0 when one of them is unknown. */
unsigned private_dirs_from_text(const char *list);

/* The reverse, into @text of PRIVATE_DIRS_TEXT_MAX bytes, which it returns. */
const char *private_dirs_to_text(unsigned set, char *text);

#endif
