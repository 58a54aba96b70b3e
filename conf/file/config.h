/*
 * config.h - the text of the configuration: files into sections, keys and values, each with its
 * place.  What the words mean is rules.c's.
 *
 * A file is read once, checked line by line (iniparser would let much pass in silence: see
 * config.c).  What was found is used only if iniparser, which parses those same bytes, finds the
 * same: so no file means one thing here and another to iniparser.
 */
#ifndef NSISOLATE_CONFIG_H
#define NSISOLATE_CONFIG_H

#include <stddef.h>

#include "diagnostics.h"

#define CONFIG_SIZE_MAX (1 << 20) /* bytes of one file */
#define CONFIG_LINE_MAX 1000 /* bytes of one line; iniparser stops at 1022 */
#define CONFIG_SECTIONS_MAX 1000 /* iniparser's time grows with the square */
#define CONFIG_KEYS_MAX 100 /* of one section */

struct config_place {
	const char *file; /* lives as long as the config */
	const char *source; /* the whole line */
	unsigned line;
	unsigned column;
};

struct config_item {
	char *key; /* lower case */
	char *value;
	struct config_place place; /* of the value */
	struct config_place key_place;
};

struct config_section {
	char *name; /* lower case */
	struct config_place place; /* of the name */
	struct config_item *items;
	size_t count;
};

struct config {
	struct config_section *sections;
	size_t count;
	char **texts; /* what places point into */
	size_t text_count;
};

#define CONFIG_EMPTY \
	{            \
		0    \
	}

/* A file that is to be read as if it had the contents of another one. */
struct config_change {
	const char *file; /* need not exist yet */
	const char *with; /* its owner and mode are checked */
};

/*
 * Reads the file at @path and then, in the order of the C locale, the files *.conf of the directory
 * @path.d, where there is one.  Appends to @config; every finding goes to @diagnostics, after one
 * they go on, so that all are found at once.  Whether it may be used: diagnostics->errors is 0.
 * When root reads them, files and directory must be root's and writable by nobody else.
 * @change may be NULL.
 */
void config_read(struct config *config, const char *path, const struct config_change *change,
	struct diagnostics *diagnostics);

void config_free(struct config *config);

#endif
