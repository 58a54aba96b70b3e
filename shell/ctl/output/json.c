#include "json.h"

#include <stddef.h>

/* How many bytes the UTF-8 character at @text has; 0 when it is not valid UTF-8 (RFC 3629). */
static size_t character(const unsigned char *text)
{
	size_t length = text[0] < 0x80    ? 1
			: text[0] < 0xc2  ? 0
			: text[0] < 0xe0  ? 2
			: text[0] < 0xf0  ? 3
			: text[0] <= 0xf4 ? 4
					  : 0;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* overlong, a surrogate, or beyond U+10FFFF */
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0) ||
		(text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90))
		return 0;
	return length;
}

static void write_text(FILE *stream, const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;

	fputc('"', stream);
	while (*byte) {
		size_t length = character(byte);

		if (!length)
			fputs("\\ufffd", stream);
		else if (*byte < ' ' || *byte == 0x7f)
			fprintf(stream, "\\u%04x", *byte);
		else if (*byte == 0xc2 && byte[1] < 0xa0) /* C1: also commands to a terminal */
			fprintf(stream, "\\u%04x", byte[1]);
		else if (*byte == '"' || *byte == '\\')
			fprintf(stream, "\\%c", *byte);
		else
			fwrite(byte, 1, length, stream);
		byte += length ? length : 1;
	}
	fputc('"', stream);
}

static void begin(struct json *json, const char *key)
{
	if (json->comma)
		fputc(',', json->stream);
	json->comma = true;
	if (key) {
		write_text(json->stream, key);
		fputc(':', json->stream);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	fputc(bracket, json->stream);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	fputc(bracket, json->stream);
	json->comma = true;
}

void json_string(struct json *json, const char *key, const char *value)
{
	if (!value) {
		json_null(json, key);
		return;
	}
	begin(json, key);
	write_text(json->stream, value);
}

void json_number(struct json *json, const char *key, long long value)
{
	begin(json, key);
	fprintf(json->stream, "%lld", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->stream);
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	fputs("null", json->stream);
}
