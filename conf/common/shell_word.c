#include "shell_word.h"

#include <stdio.h>
#include <string.h>

const char *shell_word(struct shell_word *word, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_./:@%+,-=";
	size_t length = 0;

	if (*text && *text != '-' && strspn(text, plain) == strlen(text) &&
		strlen(text) < sizeof word->text) {
		strcpy(word->text, text);
		return word->text;
	}
	word->text[length++] = '\'';
	/* room for '\'' and for the last quote and the NUL */
	for (; *text && length + 6 < sizeof word->text; text++) {
		if (*text == '\'')
			length += (size_t)sprintf(word->text + length, "'\\''");
		else
			word->text[length++] = *text;
	}
	word->text[length++] = '\'';
	word->text[length] = '\0';
	return word->text;
}
