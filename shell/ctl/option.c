#include "option.h"

#include <string.h>

int option_take(const char *name, int argc, char **argv, const char **value)
{
	size_t length = strlen(name);

	if (strncmp(argv[0], name, length) != 0)
		return 0;
	if (argv[0][length] == '=') {
		*value = argv[0] + length + 1;
		return 1;
	}
	if (argv[0][length] || argc < 2)
		return 0;
	*value = argv[1];
	return 2;
}
