/*
 * sshd_config as it is written: `sshd -T` tells what one login gets, and not what else there is.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/common/cleanup.h"
#include "sshd.h"

#define SSH_DIRECTORY "/etc/ssh/" /* of files that Include names without a path */
#define DEPTH_MAX 16 /* of Include: sshd's own limit */

static void read_files(const char *pattern, unsigned depth, struct sshd_blocks *blocks);

/* The next word of a line, which may be quoted; a keyword may be followed by a `=`. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t\r\n=");
	bool quoted = *word == '"';

	if (quoted)
		word++;
	*line = word + strcspn(word, quoted ? "\"" : " \t\r\n=");
	if (**line)
		*(*line)++ = '\0';
	return *word ? word : NULL;
}

/* Match has pairs of a keyword and a value; some keywords have no value. */
static void take_match(char *line, struct sshd_blocks *blocks)
{
	const char *key;

	while ((key = next_word(&line)) && *key != '#') {
		if (!strcasecmp(key, "all") || !strcasecmp(key, "invalid-user"))
			continue;
		if (strcasecmp(key, "user") != 0 && strcasecmp(key, "group") != 0)
			snprintf(blocks->by, sizeof blocks->by, "%s", key);
		next_word(&line);
	}
}

static void take_include(char *line, unsigned depth, struct sshd_blocks *blocks)
{
	const char *word;

	while ((word = next_word(&line)) && *word != '#') {
		char pattern[512];

		snprintf(pattern, sizeof pattern, "%s%s", *word == '/' ? "" : SSH_DIRECTORY, word);
		read_files(pattern, depth + 1, blocks);
	}
}

static void take_line(char *line, unsigned depth, struct sshd_blocks *blocks)
{
	const char *key = next_word(&line), *value;

	if (!key || *key == '#')
		return;
	if (!strcasecmp(key, "include")) {
		take_include(line, depth, blocks);
	} else if (!strcasecmp(key, "match")) {
		take_match(line, blocks);
	} else if (!strcasecmp(key, "forcecommand")) {
		blocks->forces |= strstr(line, "nsisolate-shell") != NULL;
	} else if (!strcasecmp(key, "chrootdirectory")) {
		value = next_word(&line);
		blocks->chroots |= value && strcasecmp(value, "none") != 0;
	}
}

static void read_file(const char *path, unsigned depth, struct sshd_blocks *blocks)
{
	FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	blocks->chroots |= !file;
	while (file && getline(&line, &size, file) >= 0)
		take_line(line, depth, blocks);
	if (file)
		fclose(file);
}

static void read_files(const char *pattern, unsigned depth, struct sshd_blocks *blocks)
{
	glob_t found;

	if (depth > DEPTH_MAX || glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_file(found.gl_pathv[i], depth, blocks);
	globfree(&found);
}

void sshd_read_blocks(struct sshd_blocks *blocks)
{
	*blocks = (struct sshd_blocks){0};
	read_files(SSHD_CONFIG, 0, blocks);
}
