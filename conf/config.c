/*
 * What iniparser 4 lets pass in silence, and is refused here instead: a read error or a directory
 * (an empty dictionary), keys and sections that come twice (the last one wins), a comment or value
 * ending in a backslash (swallows the next line), NUL bytes (text is lost), `#` and `;` inside a
 * value (cut it), quotes that do not match, `key` before any section, a colon in a section's name.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <iniparser.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "config_file.h"

#define SECTION_NAME_MAX 64
#define BLANKS " \t"

/* One file on its way into a config. */
struct scan {
	struct config *config;
	struct diagnostics *diagnostics;
	const char *file;
	size_t first; /* index of the file's first section */
	struct config_section *section; /* the current one; NULL before the first */
	const char *source; /* the current line */
	unsigned line;
};

static void fault(const struct scan *scan, size_t offset, const char *text)
{
	diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, scan->line,
		(unsigned)offset + 1, scan->source, "%s", text);
}

static void no_memory(const struct scan *scan)
{
	diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, 0, 0, NULL,
		"cannot be taken in: no memory");
}

static struct config_place place_at(const struct scan *scan, size_t offset)
{
	return (struct config_place){scan->file, scan->source, scan->line, (unsigned)offset + 1};
}

static char *lower_copy(const char *text, size_t length)
{
	char *copy = strndup(text, length);

	for (char *byte = copy; byte && *byte; byte++)
		*byte = (char)tolower((unsigned char)*byte);
	return copy;
}

/* ---- the bytes ---- */

static const char *wrong_byte(unsigned char byte)
{
	if (byte == '\r')
		return "a carriage return: these are DOS line ends, mend them by `sed -i 's/\\r$//'`";
	return "a control byte";
}

/* What no line may contain, comments included. */
static bool check_bytes(const struct scan *scan)
{
	const char *line = scan->source;
	size_t length = strlen(line), end;

	if (length > CONFIG_LINE_MAX) {
		fault(scan, CONFIG_LINE_MAX, "this line is longer than 1000 bytes");
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)line[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
			fault(scan, i, wrong_byte(byte));
			return false;
		}
	}
	if (scan->line == 1 && !strncmp(line, "\xef\xbb\xbf", 3)) {
		fault(scan, 0, "a byte order mark: save the file as UTF-8 without BOM");
		return false;
	}
	end = length;
	while (end && strchr(BLANKS, line[end - 1]))
		end--;
	if (end && line[end - 1] == '\\') {
		fault(scan, end - 1,
			"a backslash at the end, which would swallow the next line: take it away");
		return false;
	}
	return true;
}

/* ---- [section] ---- */

static const struct config_section *find_section(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->count; i++)
		if (!strcmp(config->sections[i].name, name))
			return &config->sections[i];
	return NULL;
}

static void check_name(const struct scan *scan, const char *name, size_t length, size_t offset)
{
	if (!length)
		fault(scan, offset, "a section needs a name");
	else if (length > SECTION_NAME_MAX)
		fault(scan, offset, "a section's name has at most 64 bytes");
	for (size_t i = 0; i < length; i++)
		if (!isascii((unsigned char)name[i]) ||
			(!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))) {
			fault(scan, offset + i,
				"a section's name consists of letters, digits, '.', '_' and '-'");
			return;
		}
}

static void add_section(struct scan *scan, const char *name, size_t length, size_t offset)
{
	struct config *config = scan->config;
	struct config_section *sections;
	const struct config_section *other;
	char *copy = lower_copy(name, length);

	sections =
		copy ? reallocarray(config->sections, config->count + 1, sizeof *sections) : NULL;
	if (!sections) {
		free(copy);
		no_memory(scan);
		scan->section = NULL;
		return;
	}
	config->sections = sections;
	other = find_section(config, copy);
	if (other)
		diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, scan->line,
			(unsigned)offset + 1, scan->source,
			"[%s] is there already, at %s:%u: give this one another name", copy,
			other->place.file, other->place.line);
	scan->section = &sections[config->count++];
	*scan->section = (struct config_section){.name = copy, .place = place_at(scan, offset)};
}

static void scan_section(struct scan *scan, const char *text)
{
	size_t offset = (size_t)(text + 1 - scan->source);
	const char *close = strchr(text, ']');

	if (!close) {
		fault(scan, strlen(scan->source), "expected ] at the end of the section's name");
		return;
	}
	if (close[1 + strspn(close + 1, BLANKS)]) {
		fault(scan, (size_t)(close + 1 - scan->source),
			"nothing can stand behind a section's name, a comment goes on a line of its own");
		return;
	}
	check_name(scan, text + 1, (size_t)(close - text - 1), offset);
	add_section(scan, text + 1, (size_t)(close - text - 1), offset);
}

/* ---- key = value ---- */

/* A value without its blanks, quotes and comment; false with the fault reported. */
static bool cut_value(const struct scan *scan, const char *text, const char **value, size_t *length)
{
	size_t offset = (size_t)(text - scan->source), end;
	const char *close;

	if (*text == '"' || *text == '\'') {
		close = strchr(text + 1, *text);
		if (!close) {
			fault(scan, offset, "this quote is never closed");
			return false;
		}
		end = (size_t)(close + 1 - text) + strspn(close + 1, BLANKS);
		if (text[end] && text[end] != '#' && text[end] != ';') {
			fault(scan, offset + end,
				"nothing but a comment can follow a closing quote");
			return false;
		}
		*value = text + 1;
		*length = (size_t)(close - text - 1);
		return true;
	}
	end = strcspn(text, "#;");
	if (text[end] && end && !strchr(BLANKS, text[end - 1])) {
		fault(scan, offset + end,
			"this begins a comment and cuts the value: put a blank before it, or quotes "
			"around the value");
		return false;
	}
	while (end && strchr(BLANKS, text[end - 1]))
		end--;
	*value = text;
	*length = end;
	for (size_t i = 0; i < end; i++)
		if (text[i] == '"') {
			fault(scan, offset + i, "quotes go around the whole value or not at all");
			return false;
		}
	return true;
}

static void add_item(
	struct scan *scan, char *key, size_t key_offset, const char *value, size_t length)
{
	struct config_section *section = scan->section;
	struct config_item *items;
	char *copy = strndup(value, length);

	items = copy ? reallocarray(section->items, section->count + 1, sizeof *items) : NULL;
	if (!items) {
		free(key);
		free(copy);
		no_memory(scan);
		return;
	}
	section->items = items;
	for (size_t i = 0; i < section->count; i++)
		if (!strcmp(items[i].key, key))
			diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, scan->line,
				(unsigned)key_offset + 1, scan->source,
				"'%s' is set already, in line %u: only one of them can count", key,
				items[i].place.line);
	items[section->count++] = (struct config_item){
		.key = key,
		.value = copy,
		.place = place_at(scan, (size_t)(value - scan->source)),
		.key_place = place_at(scan, key_offset),
	};
}

static void scan_item(struct scan *scan, const char *text)
{
	size_t offset = (size_t)(text - scan->source), length;
	const char *equals = strchr(text, '='), *value;
	char *key;

	if (!equals) {
		fault(scan, offset, "expected `key = value`, [section] or # comment");
		return;
	}
	length = (size_t)(equals - text);
	while (length && strchr(BLANKS, text[length - 1]))
		length--;
	if (!length) {
		fault(scan, offset, "a key is missing before =");
		return;
	}
	for (size_t i = 0; i < length; i++)
		if (!isascii((unsigned char)text[i]) ||
			(!isalnum((unsigned char)text[i]) && text[i] != '_')) {
			fault(scan, offset + i, "a key consists of letters and '_'");
			return;
		}
	if (!cut_value(scan, equals + 1 + strspn(equals + 1, BLANKS), &value, &length))
		return;
	if (!scan->section) {
		fault(scan, offset,
			"this key stands in no section: put it under [defaults] or a rule");
		return;
	}
	key = lower_copy(text, strcspn(text, "= \t"));
	if (!key)
		no_memory(scan);
	else
		add_item(scan, key, offset, value, length);
}

static void scan_line(struct scan *scan)
{
	const char *text = scan->source + strspn(scan->source, BLANKS);

	if (!check_bytes(scan) || !*text || *text == '#' || *text == ';')
		return;
	if (*text == '[')
		scan_section(scan, text);
	else
		scan_item(scan, text);
}

/* ---- iniparser's view ---- */

static int keep_quiet(const char *format, ...)
{
	/* iniparser says on stderr what was said here with a place, and stderr may be sshd's */
	(void)format;
	return 0;
}

/* iniparser 4.1 loads by path only; the path of a memory file makes it read these very bytes. */
static dictionary *parse(const char *text, size_t size)
{
	char path[64];
	dictionary *parsed;
	_cleanup_close_ int fd = memfd_create("nsisolate.conf", MFD_CLOEXEC);

	while (fd >= 0 && size) {
		ssize_t written = write(fd, text, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return NULL;
		text += written;
		size -= (size_t)written;
	}
	/* a last line without its end would lose its last byte */
	if (fd < 0 || write(fd, "\n", 1) != 1)
		return NULL;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(keep_quiet);
	parsed = iniparser_load(path);
	iniparser_set_error_callback(NULL);
	return parsed;
}

/* Whether iniparser saw the section as the scan did; from then on its values count. */
static bool same_section(const dictionary *parsed, struct config_section *section)
{
	char name[SECTION_NAME_MAX + CONFIG_LINE_MAX + 2];

	if ((size_t)iniparser_getsecnkeys(parsed, section->name) != section->count)
		return false;
	for (size_t i = 0; i < section->count; i++) {
		struct config_item *item = &section->items[i];
		const char *value;
		char *copy;

		snprintf(name, sizeof name, "%s:%s", section->name, item->key);
		value = iniparser_getstring(parsed, name, NULL);
		if (!value || strcmp(value, item->value))
			return false;
		copy = strdup(value);
		if (!copy)
			return false;
		free(item->value);
		item->value = copy;
	}
	return true;
}

static void compare_views(struct scan *scan, const char *text, size_t size)
{
	dictionary *parsed = parse(text, size);
	size_t count = scan->config->count - scan->first;
	bool same = parsed && (size_t)iniparser_getnsec(parsed) == count;

	for (size_t i = 0; same && i < count; i++)
		same = same_section(parsed, &scan->config->sections[scan->first + i]);
	if (!same)
		diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, 0, 0, NULL,
			"iniparser reads this file otherwise than it was checked: please report it as a "
			"bug of nsisolate");
	if (parsed)
		iniparser_freedict(parsed);
}

/* ---- files ---- */

/* Takes @text over, to point into. */
static bool keep_text(struct config *config, char *text)
{
	char **texts = reallocarray(config->texts, config->text_count + 1, sizeof *texts);

	if (!texts)
		return false;
	config->texts = texts;
	texts[config->text_count++] = text;
	return true;
}

static void read_lines(struct scan *scan, char *text, size_t size)
{
	size_t errors = scan->diagnostics->errors;
	char *original = memchr(text, '\0', size) ? NULL : strndup(text, size);

	for (char *line = text, *end; line < text + size; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + size - line));
		if (!end)
			end = text + size;
		*end = '\0';
		scan->line++;
		scan->source = line;
		if (strlen(line) < (size_t)(end - line))
			fault(scan, strlen(line), "a NUL byte");
		else
			scan_line(scan);
	}
	if (scan->config->count > CONFIG_SECTIONS_MAX)
		diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, 0, 0, NULL,
			"more than %d sections", CONFIG_SECTIONS_MAX);
	else if (scan->diagnostics->errors == errors && !original)
		no_memory(scan);
	else if (scan->diagnostics->errors == errors)
		compare_views(scan, original, size);
	free(original);
}

static void read_file(struct config *config, const char *path, struct diagnostics *diagnostics)
{
	struct scan scan = {.config = config, .diagnostics = diagnostics, .first = config->count};
	char *name = strdup(path), *text;
	size_t size;

	scan.file = path;
	if (!name || !keep_text(config, name)) {
		free(name);
		no_memory(&scan);
		return;
	}
	scan.file = name;
	text = config_file_read(path, &size, diagnostics);
	if (!text)
		return;
	if (!keep_text(config, text)) {
		free(text);
		no_memory(&scan);
		return;
	}
	read_lines(&scan, text, size);
}

void config_read(struct config *config, const char *path, struct diagnostics *diagnostics)
{
	_cleanup_free_ char *directory = NULL;
	_cleanup_free_ char **paths = NULL;

	read_file(config, path, diagnostics);
	if (asprintf(&directory, "%s.d", path) < 0) {
		directory = NULL;
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, NULL, "no memory");
		return;
	}
	paths = config_file_list(directory, diagnostics);
	for (char **drop_in = paths; drop_in && *drop_in; drop_in++) {
		read_file(config, *drop_in, diagnostics);
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
