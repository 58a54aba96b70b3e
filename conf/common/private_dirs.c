#include "private_dirs.h"

#include <string.h>

#include "array.h"

const char *const private_dirs[] = {"/tmp", "/var/tmp", "/dev/shm"};
const size_t private_dirs_count = ARRAY_SIZE(private_dirs);

static unsigned bit_of(const char *name, size_t length)
{
	for (size_t i = 0; i < private_dirs_count; i++)
		if (strlen(private_dirs[i]) == length && !memcmp(private_dirs[i], name, length))
			return 1u << i;
	return 0;
}

unsigned private_dirs_from_text(const char *list)
{
	unsigned set = 0;

	for (;;) {
		size_t length = strcspn(list, ",");
		unsigned place = bit_of(list, length);

		if (!place)
			return 0;
		set |= place;
		if (!list[length])
			return set;
		list += length + 1;
	}
}

const char *private_dirs_to_text(unsigned set, char *text)
{
	size_t used = 0;

	for (size_t i = 0; i < private_dirs_count; i++) {
		size_t length = strlen(private_dirs[i]);

		if (!(set & 1u << i))
			continue;
		if (used)
			text[used++] = ',';
		memcpy(text + used, private_dirs[i], length);
		used += length;
	}
	text[used] = '\0';
	return text;
}
