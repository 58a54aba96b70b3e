#include "hostname.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define HASH_DIGITS 8

/* A name being built: what does not fit is dropped, but still counts for the hash. */
struct draft {
	char text[256];
	size_t length;
	uint64_t hash; /* FNV-1a of every byte of the expansion, before any is changed */
};

static void add_byte(struct draft *draft, char byte)
{
	if (draft->length + 1 < sizeof draft->text)
		draft->text[draft->length++] = byte;
}

/* Appends @text; its dots are kept only if @dots. */
static void add_text(struct draft *draft, const char *text, bool dots)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		draft->hash = (draft->hash ^ byte) * 0x100000001b3u;
		if (byte < 0x80 && isalnum(byte))
			add_byte(draft, (char)tolower(byte));
		else if (byte == '.' && dots)
			add_byte(draft, '.');
		else
			add_byte(draft, '-');
	}
}

const char *hostname_check(const char *template, size_t *offset)
{
	for (const char *cursor = template; *cursor; cursor++) {
		*offset = (size_t)(cursor - template);
		if (*cursor == '%') {
			cursor++;
			if (!*cursor || !strchr("uUgGHlri%", *cursor))
				return "expected one of %u %U %g %G %H %l %r %i %% here";
		} else if (!isalnum((unsigned char)*cursor) && *cursor != '-' && *cursor != '.') {
			return "only letters, digits, dashes, dots and %-specifiers can stand in a "
			       "name";
		}
	}
	return NULL;
}

/*
 * An account's name; if no character of it is allowed in a hostname, @kind and its number instead.
 */
static void add_account(struct draft *draft, const char *name, const char *kind, unsigned id)
{
	char number[32];
	const char *byte = name;

	while (*byte && !((unsigned char)*byte < 0x80 && isalnum((unsigned char)*byte)))
		byte++;
	if (*byte) {
		add_text(draft, name, false);
		return;
	}
	snprintf(number, sizeof number, "%s-%u", kind, id);
	add_text(draft, number, false);
}

static int add_primary_group(struct draft *draft, struct login *login, struct error *error)
{
	_cleanup_free_ char *name = NULL;
	int result = login_primary_group(login, &name, error);

	if (!result)
		add_account(draft, name, "gid", login->gid);
	return result;
}

static int add_specifier(struct draft *draft, char specifier, struct login *login,
	const struct policy *policy, struct error *error)
{
	char text[256];

	switch (specifier) {
	case 'u':
		add_account(draft, login->user, "uid", login->uid);
		return 0;
	case 'r':
		add_text(draft, policy->rule, false);
		return 0;
	case 'i':
		add_text(draft, policy->id, false);
		return 0;
	case 'g':
		return add_primary_group(draft, login, error);
	case 'U':
	case 'G':
		snprintf(text, sizeof text, "%u", specifier == 'U' ? login->uid : login->gid);
		break;
	case 'H':
	case 'l':
		if (gethostname(text, sizeof text) < 0)
			return error_errno(error, errno, "cannot read the host's name");
		text[sizeof text - 1] = '\0';
		if (specifier == 'l')
			text[strcspn(text, ".")] = '\0';
		break;
	default: /* %%: a percent sign is not allowed in any name */
		snprintf(text, sizeof text, "-");
	}
	add_text(draft, text, true);
	return 0;
}

/* One dash for a run of them, none beside a dot or at either end, no empty label. */
static void tidy(struct draft *draft)
{
	size_t length = 0;

	for (size_t i = 0; i < draft->length; i++) {
		char byte = draft->text[i];
		bool at_start = length == 0 || draft->text[length - 1] == '.';

		if ((byte == '-' || byte == '.') && at_start)
			continue;
		if (byte == '-' && draft->text[length - 1] == '-')
			continue;
		if (byte == '.' && draft->text[length - 1] == '-')
			length--;
		draft->text[length++] = byte;
	}
	while (length && (draft->text[length - 1] == '-' || draft->text[length - 1] == '.'))
		length--;
	draft->length = length;
	draft->text[length] = '\0';
}

/*
 * Whether inet_aton(3) would take the name for an address: its last label is a number, decimal or
 * hexadecimal.  RFC 1123, 2.1, counts on that label being alphabetic.
 */
static bool is_number(const char *name)
{
	const char *dot = strrchr(name, '.'), *label = dot ? dot + 1 : name;

	if (label[0] == '0' && label[1] == 'x')
		return !label[2 + strspn(label + 2, "0123456789abcdef")];
	return *label && !label[strspn(label, "0123456789")];
}

/* Puts a letter before a number: 1000 becomes n1000. */
static void make_alphabetic(struct draft *draft)
{
	char *dot = strrchr(draft->text, '.'), *label = dot ? dot + 1 : draft->text;

	if (!is_number(draft->text))
		return;
	if (draft->length + 1 == sizeof draft->text)
		draft->text[--draft->length] = '\0';
	memmove(label + 1, label, strlen(label) + 1);
	*label = 'n';
	draft->length++;
}

static bool fits(const struct draft *draft)
{
	const char *label = draft->text;

	if (draft->length > POLICY_NAME_MAX)
		return false;
	for (; *label; label += strcspn(label, "."), label += *label == '.')
		if (strcspn(label, ".") > POLICY_LABEL_MAX)
			return false;
	return true;
}

/* Shortens the first label and appends digits derived from the whole. */
static void shorten(struct draft *draft)
{
	size_t keep = POLICY_LABEL_MAX - 1 - HASH_DIGITS;
	uint32_t digits = (uint32_t)(draft->hash ^ draft->hash >> 32);

	draft->text[strcspn(draft->text, ".")] = '\0';
	if (strlen(draft->text) > keep)
		draft->text[keep] = '\0';
	draft->length = strlen(draft->text);
	while (draft->length && draft->text[draft->length - 1] == '-')
		draft->length--;
	draft->length += (size_t)snprintf(draft->text + draft->length,
		sizeof draft->text - draft->length, "-%0*x", HASH_DIGITS, digits);
}

int hostname_expand(const char *template, struct login *login, const struct policy *policy,
	char name[POLICY_NAME_MAX + 1], struct error *error)
{
	struct draft draft = {.hash = 0xcbf29ce484222325u};
	int result;

	for (const char *cursor = template; *cursor; cursor++) {
		if (*cursor == '%' && cursor[1]) {
			result = add_specifier(&draft, *++cursor, login, policy, error);
			if (result < 0)
				return result;
		} else {
			add_text(&draft, (const char[]){*cursor, '\0'}, true);
		}
	}
	tidy(&draft);
	make_alphabetic(&draft);
	if (!fits(&draft))
		shorten(&draft);
	if (draft.length)
		memcpy(name, draft.text, draft.length + 1);
	else
		snprintf(name, POLICY_NAME_MAX + 1, "uid-%u", login->uid);
	return 0;
}

bool hostname_has(const char *template, size_t length, const char *letters)
{
	for (size_t i = 0; i + 1 < length; i++)
		if (template[i] == '%' && strchr(letters, template[++i]))
			return true;
	return false;
}

bool hostname_may_be_numbered(const char *template)
{
	size_t first = strcspn(template, ".");

	return hostname_has(template, first, "lH") && first > strlen("%l") &&
	       !hostname_has(template, strlen(template), "i");
}
