/*
 * config_scan.h - strict reading of one file: every section, key and value with its place, and all
 * findings, not only the first.
 */
#ifndef NSISOLATE_CONFIG_SCAN_H
#define NSISOLATE_CONFIG_SCAN_H

#include <stddef.h>

#include "config.h"
#include "diagnostics.h"

#define CONFIG_NAME_MAX 64 /* bytes of a section's name */

/*
 * Appends the sections of @text, the @size bytes of @file and one more, to @config.  The places
 * point into @file and @text, which is cut into lines and must live as long as @config.
 */
void config_scan(struct config *config, const char *file, char *text, size_t size,
	struct diagnostics *diagnostics);

#endif
