#include "text_lines.h"

#include <string.h>

#define BLANKS " \t\r\n"
#define MODULE "pam_nsisolate"

static bool is_blank(char byte)
{
	return byte && strchr(BLANKS, byte);
}

bool text_same(const struct stack_text *one, const struct stack_text *other)
{
	return one->size == other->size && !memcmp(one->bytes, other->bytes, one->size);
}

bool text_next(const struct stack_text *text, size_t *at, size_t *begin, size_t *end)
{
	const char *newline;

	if (*at >= text->size)
		return false;
	*begin = *at;
	newline = memchr(text->bytes + *at, '\n', text->size - *at);
	*end = newline ? (size_t)(newline - text->bytes) + 1 : text->size;
	*at = *end;
	return true;
}

bool text_is_comment(const struct stack_text *text, size_t begin, size_t end)
{
	while (begin < end && is_blank(text->bytes[begin]))
		begin++;
	return begin == end || text->bytes[begin] == '#';
}

/* Where the meaningful part of a physical line ends: before a comment, and blanks. */
static size_t end_of_words(const struct stack_text *text, size_t begin, size_t end, bool *comment)
{
	const char *hash = memchr(text->bytes + begin, '#', end - begin);

	*comment = hash;
	if (hash)
		end = (size_t)(hash - text->bytes);
	while (end > begin && is_blank(text->bytes[end - 1]))
		end--;
	return end;
}

/* [...] is one word, as for libpam. */
static void cut_words(struct text_line *line)
{
	char *rest = line->text;

	memset(line->words, 0, sizeof line->words);
	for (size_t i = 0; i < TEXT_WORDS; i++) {
		rest += strspn(rest, BLANKS);
		if (!*rest)
			return;
		line->words[i] = rest;
		if (*rest == '[')
			rest += strcspn(rest, "]");
		rest += strcspn(rest, BLANKS);
		if (*rest)
			*rest++ = '\0';
	}
}

bool text_walk_next(struct text_walk *walk, struct text_line *line)
{
	const size_t most = sizeof line->text - 1;
	size_t begin, end, length, used = 0;
	bool found = false, comment;

	line->open = false;
	while ((!found || line->open) && text_next(walk->text, &walk->at, &begin, &end)) {
		if (text_is_comment(walk->text, begin, end))
			continue;
		if (!found)
			line->begin = begin;
		found = true;
		line->end = end;
		length = end_of_words(walk->text, begin, end, &comment) - begin;
		line->open = !comment && length && walk->text->bytes[begin + length - 1] == '\\';
		if (length > most - used)
			length = most - used;
		memcpy(line->text + used, walk->text->bytes + begin, length);
		used += length;
		if (line->open && used && used < most)
			line->text[used - 1] = ' ';
	}
	line->text[used] = '\0';
	cut_words(line);
	return found;
}

bool text_cut_line(struct stack_text *text, unsigned number)
{
	struct text_walk walk = {.text = text};
	struct text_line line;
	size_t at = 0, begin = 0, end;

	while (number && text_next(text, &at, &begin, &end))
		number--;
	while (!number && text_walk_next(&walk, &line)) {
		if (line.begin != begin)
			continue;
		memmove(text->bytes + begin, text->bytes + line.end, text->size - line.end);
		text->size -= line.end - begin;
		return true;
	}
	return false;
}

bool text_ends_open(const struct stack_text *text)
{
	struct text_walk walk = {.text = text};
	struct text_line line = {0};

	while (text_walk_next(&walk, &line))
		if (line.end == text->size || walk.at == text->size)
			return line.open;
	return false;
}

bool text_line_is_ours(const struct text_line *line, bool service_first)
{
	char *const *words = line->words + service_first;
	const char *name;

	if (!words[0] || !words[1] || !words[2])
		return false;
	name = strrchr(words[2], '/');
	name = name ? name + 1 : words[2];
	if (strncmp(name, MODULE, sizeof MODULE - 1) != 0)
		return false;
	name += sizeof MODULE - 1;
	return !*name || !strcmp(name, ".so");
}

unsigned text_count_ours(const struct stack_text *text, bool service_first)
{
	struct text_walk walk = {.text = text};
	struct text_line line;
	unsigned count = 0;

	while (text_walk_next(&walk, &line))
		count += text_line_is_ours(&line, service_first);
	return count;
}
