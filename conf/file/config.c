#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <iniparser.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "config_file.h"
#include "config_scan.h"

#define PIPE_ROOM 65536 /* bytes that a pipe takes as it comes: pipe(7) */

/* ---- iniparser's view ---- */

static int keep_quiet(const char *format, ...)
{
	/* we have reported the same on our own, with its place; and stderr may be sshd's */
	(void)format;
	return 0;
}

/* The read end of a pipe that holds the text; -1 if not all of it fits. */
static int pipe_of(const char *text, size_t size)
{
	int ends[2];
	ssize_t written;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	/* pipe(7): unprivileged maximum is 1 MiB; otherwise the write is short and we fail */
	if (size > PIPE_ROOM)
		fcntl(ends[1], F_SETPIPE_SZ, (int)size);
	written = size ? write(ends[1], text, size) : 0;
	close(ends[1]);
	if (written == (ssize_t)size)
		return ends[0];
	close(ends[0]);
	return -1;
}

/*
 * iniparser 4.1 loads by path only; that of a pipe makes it read these very bytes.  A file in
 * memory would do as well, except for users with a limit on file sizes (setrlimit(2)), whom it
 * would kill.  (A last line of one byte and no end is lost; it can only be a blank or an empty
 * comment here.)
 */
static dictionary *parse(const char *text, size_t size)
{
	char path[64];
	dictionary *parsed;
	_cleanup_close_ int fd = pipe_of(text, size);

	if (fd < 0)
		return NULL;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(keep_quiet);
	parsed = iniparser_load(path);
	iniparser_set_error_callback(NULL);
	/* iniparser checks no allocation, and could not free a dictionary without these */
	return parsed && parsed->key && parsed->val && parsed->hash ? parsed : NULL;
}

/* An entry of iniparser's by name.  It keeps them as they came: the next one is mostly @next. */
static bool find_entry(const dictionary *parsed, size_t *next, const char *name, const char **value)
{
	if (*next < (size_t)parsed->size && parsed->key[*next] &&
		!strcmp(parsed->key[*next], name)) {
		*value = parsed->val[(*next)++];
		return true;
	}
	*value = iniparser_getstring(parsed, name, NULL);
	return iniparser_find_entry(parsed, name);
}

/* Whether iniparser saw the section as the scan did. */
static bool same_section(
	const dictionary *parsed, size_t *next, const struct config_section *section)
{
	char name[CONFIG_NAME_MAX + CONFIG_LINE_MAX + 2], *key;
	const char *value;

	if (strlen(section->name) > CONFIG_NAME_MAX ||
		!find_entry(parsed, next, section->name, &value))
		return false;
	key = stpcpy(stpcpy(name, section->name), ":");
	for (size_t i = 0; i < section->count; i++) {
		const struct config_item *item = &section->items[i];

		if (strlen(item->key) > CONFIG_LINE_MAX)
			return false;
		strcpy(key, item->key);
		if (!find_entry(parsed, next, name, &value) || !value || strcmp(value, item->value))
			return false;
	}
	return true;
}

/* NULL when iniparser reads @text as the sections from @first on; else what is wrong. */
static const char *compare_views(
	const struct config *config, size_t first, const char *text, size_t size)
{
	dictionary *parsed = parse(text, size);
	size_t entries = 0, next = 0;
	bool same = true;

	if (!parsed)
		return "cannot be passed to iniparser: /proc is not mounted, or there is no memory "
		       "or no pipe for it";
	for (size_t i = first; same && i < config->count; i++) {
		same = same_section(parsed, &next, &config->sections[i]);
		entries += 1 + config->sections[i].count;
	}
	/* everything expected is there; is there nothing else? */
	same = same && (size_t)parsed->n == entries;
	iniparser_freedict(parsed);
	return same ? NULL
		    : "iniparser reads this file differently from our check: please report this as "
		      "a bug in nsisolate";
}

/* ---- files ---- */

static void wrong(struct diagnostics *diagnostics, const char *file, const char *text)
{
	diagnostics_add(diagnostics, SEVERITY_ERROR, file, 0, 0, NULL, "%s", text);
}

/* Takes ownership of @text, for places to point into; NULL when out of memory. */
static char *keep(struct config *config, char *text)
{
	char **texts =
		text ? reallocarray(config->texts, config->text_count + 1, sizeof *texts) : NULL;

	if (!texts) {
		free(text);
		return NULL;
	}
	config->texts = texts;
	texts[config->text_count++] = text;
	return text;
}

static void read_file(struct config *config, const char *path, const struct config_change *change,
	struct diagnostics *diagnostics)
{
	bool changed = change && !strcmp(path, change->file);
	size_t size, errors = diagnostics->errors, first = config->count;
	_cleanup_free_ char *original = NULL;
	char *text = config_file_read(path, changed ? change->with : path, &size, diagnostics);
	const char *file, *fault = NULL;

	if (!text)
		return;
	original = malloc(size + 1);
	if (original)
		memcpy(original, text, size);
	text = keep(config, text);
	file = keep(config, strdup(path));
	if (!original || !text || !file) {
		wrong(diagnostics, path, "cannot be stored: no memory");
		return;
	}
	config_scan(config, file, text, size, diagnostics);
	if (diagnostics->errors == errors)
		fault = compare_views(config, first, original, size);
	if (fault)
		wrong(diagnostics, path, fault);
}

void config_read(struct config *config, const char *path, const struct config_change *change,
	struct diagnostics *diagnostics)
{
	_cleanup_free_ char *directory = NULL;
	_cleanup_free_ char **paths = NULL;

	read_file(config, path, change, diagnostics);
	if (asprintf(&directory, "%s.d", path) < 0) {
		directory = NULL;
		wrong(diagnostics, path, "cannot be stored: no memory");
		return;
	}
	paths = config_file_list(directory, change ? change->file : NULL, diagnostics);
	for (char **drop_in = paths; drop_in && *drop_in; drop_in++) {
		read_file(config, *drop_in, change, diagnostics);
		free(*drop_in);
	}
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		struct config_section *section = &config->sections[i];

		for (size_t k = 0; k < section->count; k++) {
			free(section->items[k].key);
			free(section->items[k].value);
		}
		free(section->items);
		free(section->name);
	}
	for (size_t i = 0; i < config->text_count; i++)
		free(config->texts[i]);
	free(config->sections);
	free(config->texts);
	*config = (struct config)CONFIG_EMPTY;
}
