#include "printable.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

char *printable_word(char *text)
{
	for (char *byte = printable(text); *byte; byte++)
		if (*byte == ' ')
			*byte = '?';
	return text;
}

/* How many bytes the character at @text has that the current locale shows; 0: it does not. */
static size_t shown(const char *text)
{
	mbstate_t state = {0};
	wchar_t character;
	size_t length = mbrtowc(&character, text, strlen(text), &state);

	if (length == 0 || length > strlen(text) || !iswprint((wint_t)character))
		return 0;
	return iswspace((wint_t)character) ? 0 : length;
}

/* If the locale is unknown, C's is used, which shows ASCII. */
static locale_t use_locale_of_terminal(locale_t *before)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

	*before = locale ? uselocale(locale) : (locale_t)0;
	return locale;
}

char *pasteable(const char *name, char *text, size_t size)
{
	static const char special[] = "$`\"&|;<>()*?[]#~!{}\\=%^";
	bool plain = true, quotable = true;
	locale_t before, locale = use_locale_of_terminal(&before);
	size_t used, length;

	for (const char *at = name; *at; at += length ? length : 1) {
		length = shown(at);
		quotable &= length && *at != '\'';
		plain &= quotable && !strchr(special, *at);
	}
	if (quotable) {
		snprintf(text, size, plain ? "%s" : "'%s'", name);
	} else {
		used = (size_t)snprintf(text, size, "$'");
		for (const char *at = name; *at && used + 6 < size; at += length ? length : 1) {
			length = shown(at);
			if (!length)
				used += (size_t)sprintf(text + used, "\\%03o", (unsigned char)*at);
			else
				used += (size_t)sprintf(text + used, "%s%.*s",
					*at == '\\' || *at == '\'' ? "\\" : "", (int)length, at);
		}
		snprintf(text + used, size - used, "'");
	}
	if (locale) {
		uselocale(before);
		freelocale(locale);
	}
	return text;
}
