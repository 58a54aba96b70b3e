#include "lookalike.h"

#include <stdio.h>
#include <string.h>

#include "conf/common/array.h"

/* Names as in The Unicode Standard, chapter 24. */
static const struct lookalike {
	unsigned first, last;
	const char *name;
} lookalikes[] = {
	{0x00a0, 0x00a0, "no-break space"},
	{0x00ab, 0x00ab, "left-pointing double angle quotation mark"},
	{0x00ad, 0x00ad, "soft hyphen"},
	{0x00b4, 0x00b4, "acute accent"},
	{0x00bb, 0x00bb, "right-pointing double angle quotation mark"},
	{0x037e, 0x037e, "Greek question mark"},
	{0x2000, 0x200a, "a space of another width"},
	{0x200b, 0x200b, "zero width space"},
	{0x200c, 0x200d, "zero width joiner or non-joiner"},
	{0x200e, 0x200f, "mark of direction"},
	{0x2010, 0x2010, "hyphen"},
	{0x2011, 0x2011, "non-breaking hyphen"},
	{0x2012, 0x2012, "figure dash"},
	{0x2013, 0x2013, "en dash"},
	{0x2014, 0x2014, "em dash"},
	{0x2015, 0x2015, "horizontal bar"},
	{0x2018, 0x2018, "left single quotation mark"},
	{0x2019, 0x2019, "right single quotation mark"},
	{0x201a, 0x201a, "single low-9 quotation mark"},
	{0x201b, 0x201b, "single high-reversed-9 quotation mark"},
	{0x201c, 0x201c, "left double quotation mark"},
	{0x201d, 0x201d, "right double quotation mark"},
	{0x201e, 0x201e, "double low-9 quotation mark"},
	{0x201f, 0x201f, "double high-reversed-9 quotation mark"},
	{0x2026, 0x2026, "horizontal ellipsis"},
	{0x2028, 0x2029, "line or paragraph separator"},
	{0x202a, 0x202e, "mark of direction"},
	{0x202f, 0x202f, "narrow no-break space"},
	{0x2032, 0x2033, "prime"},
	{0x2039, 0x203a, "single angle quotation mark"},
	{0x205f, 0x205f, "medium mathematical space"},
	{0x2060, 0x2060, "word joiner"},
	{0x2066, 0x2069, "mark of direction"},
	{0x2212, 0x2212, "minus sign"},
	{0x2217, 0x2217, "asterisk operator"},
	{0x3000, 0x3000, "ideographic space"},
	{0x3001, 0x3001, "ideographic comma"},
	{0xfeff, 0xfeff, "zero width no-break space"},
	{0xff01, 0xff5e, "fullwidth form"},
	/* no code points: ISO 8859-1 and Windows-1252 where UTF-8 was expected */
	{0x110091, 0x110092, "in Windows-1252 a single quotation mark"},
	{0x110093, 0x110094, "in Windows-1252 a double quotation mark"},
	{0x110096, 0x110097, "in Windows-1252 a dash"},
	{0x1100a0, 0x1100a0, "in ISO 8859-1 a no-break space"},
};

#define NOT_UTF8 0x110000u /* and the byte */

/* The character at @text, which takes *@length bytes. */
static unsigned decode(const unsigned char *text, size_t *length)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t count = *text >= 0xf0 && *text < 0xf8 ? 4 : *text >= 0xe0 ? 3 : 2;
	unsigned point = *text & (0x7fu >> count);

	*length = 1;
	if (*text < 0x80)
		return *text;
	if (*text < 0xc2 || *text >= 0xf8)
		return NOT_UTF8 + *text;
	for (size_t i = 1; i < count; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return NOT_UTF8 + *text;
		point = point << 6 | (text[i] & 0x3f);
	}
	if (point < least[count] || point >= NOT_UTF8)
		return NOT_UTF8 + *text;
	*length = count;
	return point;
}

static const char *name_of(unsigned point)
{
	for (size_t i = 0; i < ARRAY_SIZE(lookalikes); i++)
		if (point >= lookalikes[i].first && point <= lookalikes[i].last)
			return lookalikes[i].name;
	return NULL;
}

bool lookalike_find(const char *text, bool any, size_t *offset, char what[LOOKALIKE_TEXT_MAX])
{
	size_t length;

	for (const char *at = text; *at; at += length) {
		unsigned point = decode((const unsigned char *)at, &length);
		const char *name = point < 0x80 ? NULL : name_of(point);

		if (!name && point < NOT_UTF8 && (point < 0x80 || !any))
			continue;
		*offset = (size_t)(at - text);
		if (point >= NOT_UTF8)
			snprintf(what, LOOKALIKE_TEXT_MAX,
				"the byte 0x%02X, which is not UTF-8%s%s%s", point - NOT_UTF8,
				name ? " (" : "", name ? name : "", name ? ")" : "");
		else
			snprintf(what, LOOKALIKE_TEXT_MAX, "U+%04X%s%s%s", point, name ? " (" : "",
				name ? name : "", name ? ")" : "");
		return true;
	}
	return false;
}
