#include "config_lines.h"

#include <glob.h>
#include <stdio.h>

static void read_file(const char *path, void (*take)(const char *line, void *data), void *data)
{
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return;
	while (fgets(line, sizeof line, file))
		take(line, data);
	fclose(file);
}

void config_lines(const char *const patterns[], size_t count,
	void (*take)(const char *line, void *data), void *data)
{
	for (size_t i = 0; i < count; i++) {
		glob_t found;

		if (glob(patterns[i], 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++)
			read_file(found.gl_pathv[j], take, data);
		globfree(&found);
	}
}
