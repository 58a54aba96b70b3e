#include "doctor_stack_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"

char *stack_next_word(char **cursor)
{
	char *word = *cursor + strspn(*cursor, " \t"), *end;

	if (!*word)
		return NULL;
	if (*word == '[') {
		end = word;
		while (*end && *end != ']')
			end += end[0] == '\\' && end[1] ? 2 : 1;
		end += *end == ']';
	} else {
		end = word + strcspn(word, " \t");
	}
	*cursor = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static enum stack_action action_of(const char *word, size_t length, unsigned *jump)
{
	static const char *const names[] = {
		[STACK_IGNORE] = "ignore",
		[STACK_OK] = "ok",
		[STACK_DONE] = "done",
		[STACK_BAD] = "bad",
		[STACK_DIE] = "die",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == length && !strncasecmp(names[i], word, length))
			return (enum stack_action)i;
	if (isdigit((unsigned char)*word)) {
		unsigned count = (unsigned)strtoul(word, NULL, 10);

		if (count > *jump)
			*jump = count;
		return STACK_JUMP;
	}
	return STACK_IGNORE; /* reset, too: what was said before is forgotten */
}

static struct stack_control take_brackets(const char *text)
{
	/* what is not named is bad: _pam_parse_control() */
	struct stack_control control = {STACK_BAD, STACK_BAD, 0, true};
	bool success = false, failure = false;

	while (*(text += strspn(text, "[ \t"))) {
		size_t name = strcspn(text, "= \t]"), length;
		const char *value = text + name;
		enum stack_action action;

		value += strspn(value, " \t");
		if (*value != '=')
			break;
		value += 1 + strspn(value + 1, " \t");
		length = strcspn(value, " \t]");
		action = action_of(value, length, &control.jump);
		if (name == 7 && !strncasecmp(text, "success", name)) {
			control.success = action;
			success = true;
		} else if (name == 11 && !strncasecmp(text, "session_err", name)) {
			control.failure = action;
			failure = true;
		} else if (name == 7 && !strncasecmp(text, "default", name)) {
			if (!success)
				control.success = action;
			if (!failure)
				control.failure = action;
		}
		text = value + length;
	}
	return control;
}

struct stack_control stack_control_of(const char *text)
{
	static const struct {
		const char *name;
		struct stack_control control;
	} words[] = {
		{"required", {STACK_OK, STACK_BAD, 0, true}},
		{"requisite", {STACK_OK, STACK_DIE, 0, true}},
		{"sufficient", {STACK_DONE, STACK_IGNORE, 0, true}},
		{"optional", {STACK_OK, STACK_IGNORE, 0, true}},
	};

	if (*text == '[')
		return take_brackets(text);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!strcasecmp(words[i].name, text))
			return words[i].control;
	return (struct stack_control){STACK_BAD, STACK_BAD, 0, false};
}

bool stack_next_line(FILE *file, char **text, size_t *size, unsigned *number, unsigned *lines)
{
	_cleanup_free_ char *piece = NULL;
	size_t piece_size = 0, used = 0;

	*number = *lines + 1;
	while (getline(&piece, &piece_size, file) >= 0) {
		size_t length;
		bool goes_on;

		++*lines;
		piece[strcspn(piece, "\n")] = '\0';
		piece[strcspn(piece, "#")] = '\0';
		length = strlen(piece);
		while (length && (piece[length - 1] == ' ' || piece[length - 1] == '\t'))
			piece[--length] = '\0';
		goes_on = length && piece[length - 1] == '\\';
		if (goes_on)
			piece[length - 1] = ' ';
		if (used + length + 1 > *size) {
			char *larger = realloc(*text, used + length + 1);

			if (!larger)
				return false;
			*text = larger;
			*size = used + length + 1;
		}
		memcpy(*text + used, piece, length + 1);
		used += length;
		if (!goes_on)
			return true;
	}
	return used > 0;
}
