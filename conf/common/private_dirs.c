#include "private_dirs.h"

#include <string.h>

#include "array.h"

const char *const places[] = {"/tmp", "/var/tmp", "/dev/shm"};
const size_t places_count = ARRAY_SIZE(places);

static unsigned place_of(const char *name, size_t length)
{
	for (size_t i = 0; i < places_count; i++)
		if (strlen(places[i]) == length && !memcmp(places[i], name, length))
			return 1u << i;
	return 0;
}

unsigned places_from_text(const char *list)
{
	unsigned set = 0;

	for (;;) {
		size_t length = strcspn(list, ",");
		unsigned place = place_of(list, length);

		if (!place)
			return 0;
		set |= place;
		if (!list[length])
			return set;
		list += length + 1;
	}
}

const char *places_to_text(unsigned set, char *text)
{
	size_t used = 0;

	for (size_t i = 0; i < places_count; i++) {
		size_t length = strlen(places[i]);

		if (!(set & 1u << i))
			continue;
		if (used)
			text[used++] = ',';
		memcpy(text + used, places[i], length);
		used += length;
	}
	text[used] = '\0';
	return text;
}
