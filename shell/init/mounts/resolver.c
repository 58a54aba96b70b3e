#include "resolver.h"

#include <stdbool.h>
#include <string.h>

#include "shell/init/network.h"

#define KEYWORD "nameserver"

/* How much longer it can get, by two addresses. */
#define GROWTH 128

/* The address of a line of resolv.conf(5) that names a resolver; NULL: it does not. */
static const char *resolver_of(const char *line, const char *end, size_t *length)
{
	const size_t word = sizeof KEYWORD - 1;
	const char *address = line + word;

	if ((size_t)(end - line) <= word || memcmp(line, KEYWORD, word) != 0 ||
		!strchr(" \t", *address))
		return NULL;
	while (address < end && strchr(" \t", *address))
		address++;
	for (*length = 0; address + *length < end && !strchr(" \t\r", address[*length]);)
		++*length;
	return address;
}

static bool begins(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) && !memcmp(text, with, strlen(with));
}

/* What takes the place of this resolver; "": nothing; NULL: it stays. */
static const char *replace(const char *address, size_t length, bool *first4, bool *first6)
{
	const bool six = memchr(address, ':', length);
	bool *first = six ? first6 : first4, was_first = *first;
	const char *forward = six ? NETWORK_DNS6 : NETWORK_DNS4;

	*first = false;
	if (six ? length != 3 || !begins(address, length, "::1") : !begins(address, length, "127."))
		return NULL;
	return was_first ? forward : "";
}

static void append(char **to, const char *text, size_t length)
{
	memmove(*to, text, length);
	*to += length;
}

/* From @text, of @length bytes, to @to, which is GROWTH bytes before it; the new length, or 0. */
static size_t rewrite(char *to, const char *text, size_t length, unsigned *forwards)
{
	const char *const last = text + length, *const start = to, *end;
	bool first4 = true, first6 = true, changed = false;

	for (const char *line = text; line < last; line = end) {
		const char *address, *instead = NULL;
		size_t size;

		end = memchr(line, '\n', (size_t)(last - line));
		end = end ? end + 1 : last;
		address = resolver_of(line, end[-1] == '\n' ? end - 1 : end, &size);
		if (address)
			instead = replace(address, size, &first4, &first6);
		changed |= instead != NULL;
		if (!instead) {
			append(&to, line, (size_t)(end - line));
		} else if (*instead) {
			append(&to, KEYWORD " ", sizeof KEYWORD);
			append(&to, instead, strlen(instead));
			append(&to, "\n", 1);
			*forwards |= strchr(instead, ':') ? NETWORK_FORWARD6 : NETWORK_FORWARD4;
		}
	}
	return changed ? (size_t)(to - start) : 0;
}

int resolver_make(struct hosts_file *file, unsigned *forwards, struct error *error)
{
	size_t length = 0;
	int result = hosts_file_read("/etc/resolv.conf", GROWTH, 0, file, &length, error);

	if (result <= 0)
		return result;
	file->size = rewrite(file->bytes, file->bytes + GROWTH, length, forwards);
	return 0;
}
