/*
 * Refuses what iniparser 4 silently accepts: keys and sections that come twice (the last one wins),
 * a backslash at the end of a line or a comment (it swallows the next line), NUL bytes (text is
 * lost), `#` and `;` inside a value (they cut it), quotes that do not match, a key before any
 * section, a colon in a section's name, lines over 1022 bytes (the load returns nothing).
 */
#include "config_scan.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "conf/common/shell_word.h"
#include "lookalike.h"

#define BLANKS " \t"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* One file being read into a config. */
struct scan {
	struct config *config;
	struct diagnostics *diagnostics;
	const char *file;
	struct config_section *section; /* NULL before the first */
	const char *source; /* the current line */
	unsigned line;
	bool carriage_return, nul; /* already reported for this file */
	bool full; /* there was too much; the rest is ignored */
};

/* Reports @text about the byte at @offset, naming the character if it is a lookalike. */
static void fault(const struct scan *scan, size_t offset, const char *text)
{
	char what[LOOKALIKE_TEXT_MAX];
	size_t found;
	bool odd = lookalike_find(scan->source + offset, true, &found, what) && !found;

	diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, scan->line,
		(unsigned)offset + 1, scan->source, "%s%s%s", text, odd ? "; here is " : "",
		odd ? what : "");
}

static void no_memory(const struct scan *scan)
{
	diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, 0, 0, NULL,
		"cannot be stored: no memory");
}

/* The current place, for what follows. */
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

/*
 * Another system's line ends: reported once per file, and they do not hide other faults.  @script
 * for sed(1) converts them.
 */
static void fault_carriage_return(struct scan *scan, size_t offset, const char *script)
{
	struct shell_word word;

	if (!scan->carriage_return)
		diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, scan->line,
			(unsigned)offset + 1, scan->source,
			"a carriage return: these are %s line endings; fix: `sed -i '%s' %s`",
			strchr(script, '$') ? "DOS" : "old Mac", script,
			shell_word(&word, scan->file));
	scan->carriage_return = true;
}

static void fault_control_byte(struct scan *scan, size_t offset)
{
	unsigned char byte = (unsigned char)scan->source[offset];
	char text[32];

	if (byte == '\r') {
		fault_carriage_return(scan, offset, "s/\\r/\\n/g");
	} else if (byte) {
		snprintf(text, sizeof text, "the control byte 0x%02x", byte);
		fault(scan, offset, text);
	} else {
		/* in UTF-16 without a byte order mark every second byte is NUL */
		if (!scan->nul)
			fault(scan, offset, "a NUL byte: save the file as plain text, in UTF-8");
		scan->nul = true;
	}
}

/* Checks what no line may contain, comments included. */
static bool check_bytes(struct scan *scan, size_t length)
{
	const char *line = scan->source;
	size_t end = length;

	if (length > CONFIG_LINE_MAX) {
		fault(scan, CONFIG_LINE_MAX, "this line is longer than 1000 bytes");
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)line[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
			fault_control_byte(scan, i);
			return false;
		}
	}
	while (end && strchr(BLANKS, line[end - 1]))
		end--;
	if (end && line[end - 1] == '\\') {
		fault(scan, end - 1,
			"a backslash at the end, which would swallow the next line: remove it");
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
	else if (length > CONFIG_NAME_MAX)
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
	char *copy;

	if (config->count == CONFIG_SECTIONS_MAX) {
		fault(scan, offset, "more than 1000 sections: what follows is not read");
		scan->full = true;
		return;
	}
	copy = lower_copy(name, length);
	sections =
		copy ? reallocarray(config->sections, config->count + 1, sizeof *sections) : NULL;
	if (!sections) {
		free(copy);
		no_memory(scan);
		scan->section = NULL;
		return;
	}
	config->sections = sections;
	other = *copy ? find_section(config, copy) : NULL;
	if (other)
		diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, scan->line,
			(unsigned)offset + 1, scan->source, "[%s] is there already, at %s:%u: %s",
			copy, other->place.file, other->place.line,
			strcmp(copy, "defaults") ? "give this one another name"
						 : "put the values there, so that all of them "
						   "stand in one place");
	scan->section = &sections[config->count++];
	*scan->section = (struct config_section){.name = copy, .place = place_at(scan, offset)};
}

/* Even a faulty line starts a section: the keys under it do not belong to the previous one. */
static void scan_section(struct scan *scan, const char *text)
{
	size_t offset = (size_t)(text + 1 - scan->source), length = strcspn(text + 1, "]"), behind;
	const char *close = text + 1 + length;

	if (!*close) {
		fault(scan, strlen(scan->source), "expected ] at the end of the section's name");
	} else {
		behind = 1 + strspn(close + 1, BLANKS);
		if (close[behind])
			fault(scan, (size_t)(close + behind - scan->source),
				"nothing can follow a section's name: a comment goes on a "
				"line of its own");
		check_name(scan, text + 1, length, offset);
	}
	add_section(scan, text + 1, length, offset);
}

/* ---- key = value ---- */

/* Takes what is between the quotes; false with the fault reported. */
static bool cut_quoted(
	const struct scan *scan, const char *text, const char **value, size_t *length)
{
	size_t offset = (size_t)(text - scan->source), behind;
	const char *close = strchr(text + 1, *text), *backslash;

	if (!close) {
		fault(scan, offset, "this quote is never closed");
		return false;
	}
	behind = (size_t)(close + 1 - text) + strspn(close + 1, BLANKS);
	if (text[behind] && text[behind] != '#' && text[behind] != ';') {
		fault(scan, offset + behind,
			text[behind] == ','
				? "quotes go around the whole value, not around one word of it; a "
				  "word with blanks needs none"
				: "nothing but a comment can follow a closing quote");
		return false;
	}
	*value = text + 1;
	*length = (size_t)(close - text - 1);
	backslash = memchr(*value, '\\', *length);
	if (backslash) {
		fault(scan, (size_t)(backslash - scan->source),
			"a backslash between quotes is not the same to every version of iniparser: "
			"remove the quotes");
		return false;
	}
	return true;
}

/* Takes what precedes a comment, without blanks; false with the fault reported. */
static bool cut_plain(const struct scan *scan, const char *text, const char **value, size_t *length)
{
	size_t offset = (size_t)(text - scan->source), end = strcspn(text, "#;"), quote;

	if (text[end] && end && !strchr(BLANKS, text[end - 1])) {
		fault(scan, offset + end,
			text[end] == ';'
				? "this begins a comment and cuts the value: words of a list are "
				  "separated by commas"
				: "this begins a comment and cuts the value: put a blank before "
				  "it, or quotes around the value");
		return false;
	}
	while (end && strchr(BLANKS, text[end - 1]))
		end--;
	*value = text;
	*length = end;
	quote = strcspn(text, "\"");
	if (quote < end) {
		fault(scan, offset + quote,
			"quotes go around the whole value or not at all; a word with blanks needs "
			"none");
		return false;
	}
	return true;
}

static bool cut_value(const struct scan *scan, const char *text, const char **value, size_t *length)
{
	if (*text == '"' || *text == '\'')
		return cut_quoted(scan, text, value, length);
	return cut_plain(scan, text, value, length);
}

static void report_twice(const struct scan *scan, const char *key, size_t offset)
{
	const struct config_section *section = scan->section;

	for (size_t i = 0; i < section->count; i++)
		if (!strcmp(section->items[i].key, key)) {
			diagnostics_add(scan->diagnostics, SEVERITY_ERROR, scan->file, scan->line,
				(unsigned)offset + 1, scan->source,
				"'%s' is already set, in line %u: only one of them can apply", key,
				section->items[i].place.line);
			return;
		}
}

static void add_item(
	struct scan *scan, char *key, size_t key_offset, const char *value, size_t length)
{
	struct config_section *section = scan->section;
	struct config_item *items;
	char *copy;

	if (section->count == CONFIG_KEYS_MAX) {
		fault(scan, key_offset,
			"more than 100 keys in one section: what follows is not read");
		scan->full = true;
		free(key);
		return;
	}
	copy = strndup(value, length);
	items = copy ? reallocarray(section->items, section->count + 1, sizeof *items) : NULL;
	if (!items) {
		free(key);
		free(copy);
		no_memory(scan);
		return;
	}
	section->items = items;
	report_twice(scan, key, key_offset);
	items[section->count++] = (struct config_item){
		.key = key,
		.value = copy,
		.place = place_at(scan, (size_t)(value - scan->source)),
		.key_place = place_at(scan, key_offset),
	};
}

static void scan_item(struct scan *scan, const char *text)
{
	size_t offset = (size_t)(text - scan->source), length, value_length;
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
	if (!cut_value(scan, equals + 1 + strspn(equals + 1, BLANKS), &value, &value_length))
		return;
	if (!scan->section) {
		fault(scan, offset,
			"this key is not in a section: put it under [defaults] or a rule");
		return;
	}
	key = lower_copy(text, length);
	if (!key)
		no_memory(scan);
	else
		add_item(scan, key, offset, value, value_length);
}

static void scan_line(struct scan *scan, size_t length)
{
	const char *text = scan->source;

	if (scan->line == 1 && !strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK))) {
		fault(scan, 0, "a byte order mark: save the file as UTF-8 without BOM");
		text += strlen(BYTE_ORDER_MARK);
	}
	text += strspn(text, BLANKS);
	if (!check_bytes(scan, length)) {
		/* the keys under it do not belong to the previous section */
		if (*text == '[')
			add_section(scan, text, 0, 0);
		return;
	}
	if (*text == '[')
		scan_section(scan, text);
	else if (*text && *text != '#' && *text != ';')
		scan_item(scan, text);
}

/* Cuts off DOS line ends; a carriage return elsewhere in the line is another fault. */
static size_t cut_return(struct scan *scan, char *line, size_t length)
{
	char *first = memchr(line, '\r', length);

	if (!first || first != line + length - 1)
		return length;
	*first = '\0';
	fault_carriage_return(scan, length - 1, "s/\\r$//");
	return length - 1;
}

static bool is_utf16(const char *text, size_t size)
{
	return size >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2));
}

void config_scan(struct config *config, const char *file, char *text, size_t size,
	struct diagnostics *diagnostics)
{
	struct scan scan = {.config = config, .diagnostics = diagnostics, .file = file};

	if (is_utf16(text, size)) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, file, 1, 1, text,
			"this is UTF-16: save the file as UTF-8 without BOM");
		return;
	}
	for (char *line = text, *end; line < text + size && !scan.full; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + size - line));
		if (!end)
			end = text + size;
		*end = '\0';
		scan.line++;
		scan.source = line;
		scan_line(&scan, cut_return(&scan, line, (size_t)(end - line)));
	}
}
