/*
 * path_list.h - the values of `inaccessible` and `read_only`: absolute paths, separated by commas.
 */
#ifndef NSISOLATE_PATH_LIST_H
#define NSISOLATE_PATH_LIST_H

#include <stdbool.h>

#include "keys.h"

/*
 * Checks @value and writes it to @list of POLICY_PATHS_MAX + 1 bytes as closed_paths.h reads it.
 * False with @fault filled.  What a path leads to is not looked at: closed_path_check does.
 */
bool path_list_take(const char *value, char *list, struct key_fault *fault);

#endif
