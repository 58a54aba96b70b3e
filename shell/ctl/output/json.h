/*
 * json.h - JSON (RFC 8259) written to a stream, one value after the other, with commas as needed.
 *
 * @key is the member's name inside an object; NULL inside an array and for the outermost value.
 * Strings are bytes; what is not UTF-8 becomes U+FFFD, as JSON can hold nothing else.
 */
#ifndef NSISOLATE_CTL_JSON_H
#define NSISOLATE_CTL_JSON_H

#include <stdbool.h>
#include <stdio.h>

struct json {
	FILE *stream;
	bool comma; /* a comma is due before the next value */
};

void json_open(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket); /* '}' or ']' */

/* @value may be NULL: null */
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, long long value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif
